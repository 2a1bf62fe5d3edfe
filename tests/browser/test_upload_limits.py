"""What may be uploaded: the page shows the storage that is left, and why a file is refused."""

from pathlib import Path

from playwright.sync_api import expect

from tests.actions.files import PDF, office
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import dialog, keep_screenshot, open_class, press
from tests.browser.school import TEACHER


def test_a_file_with_macros_is_refused_in_words(
    window: Opener, classroom: MakeClassroom, tmp_path: Path
) -> None:
    with_macros, good = tmp_path / "Slides.pptx", tmp_path / "Slides.pdf"
    with_macros.write_bytes(office("ppt", "ppt/vbaProject.bin"))
    good.write_bytes(PDF)
    page = window(TEACHER)
    open_class(page, classroom("Macros 5b"))
    press(page, "Add")
    asks = dialog(page)
    expect(asks).to_contain_text("for your uploaded files")
    expect(asks).not_to_contain_text("PPTM")
    file = asks.get_by_label("File", exact=True)
    file.set_input_files(with_macros)
    expect(asks.get_by_role("alert")).to_contain_text("contains macros (ppt/vbaProject.bin)")
    expect(asks).to_contain_text("for your uploaded files")
    keep_screenshot(page, "upload-limits")
    file.set_input_files(good)
    expect(asks).to_contain_text("uploaded")
