"""Class lists from files: columns, questions, preview and a OneRoster export, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Opener
from tests.browser.keys import Keys
from tests.browser.page_parts import assert_fits, keep_screenshot, press
from tests.browser.scene import EXPORT
from tests.browser.school import TEACHER
from tests.rooms.class_list_files.workbook_files import packed, xlsx

FILE = "File (XLSX, XLS, ODS, CSV or TSV)"


def uploaded(page: Page, name: str, content: bytes, *, of_list: str = "") -> None:
    """Upload a file into a new list, or into the open one."""
    if of_list:
        page.goto("/lists/new/")
        page.get_by_label("List name").fill(of_list)
        press(page, "Create list")
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.get_by_label(FILE).set_input_files(file)
    press(page, "Upload file")
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns")


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_encoding_and_columns_are_corrected_and_remembered(window: Opener) -> None:
    page = window(TEACHER, viewport={"width": 390, "height": 844})
    content = "Klassenliste\n\nName;Nr.;Klasse\nмаша;7;7б\nсаша;8;7б\n".encode("cp1251")
    uploaded(page, "7b.csv", content, of_list="Wizard 7b")
    page.get_by_label("Encoding").select_option(label="Windows-1252 (English, Deutsch, español, français)")
    press(page, "Read again")
    expect(page.get_by_role("region", name="First lines")).to_contain_text("ìàøà")
    page.get_by_label("Encoding").select_option(label="Windows-1251 (русский, українська)")
    press(page, "Read again")
    expect(page.get_by_role("region", name="First lines")).to_contain_text("маша")
    page.get_by_label("Nr.").select_option(label="User id")
    page.get_by_label("Klasse").select_option(label="Ignore")
    assert_fits(page)
    assert_accessible(page)
    press(page, "Preview changes")
    changes = page.get_by_role("region", name="Changes")
    expect(changes).to_contain_text("маша")
    expect(changes).to_contain_text("7")
    assert_fits(page)
    assert_accessible(page)
    page.get_by_role("link", name="Columns").click()
    expect(page.get_by_label("Nr.")).to_have_value("user_id")
    expect(page.get_by_label("Klasse")).to_have_value("ignore")
    press(page, "Preview changes")
    press(page, "Save changes")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(
        "2 added, 0 changed, 0 removed"
    )
    uploaded(page, "7b.csv", content.replace(b";8;", b";9;"))
    expect(page.get_by_label("Nr.")).to_have_value("user_id")
    press(page, "Preview changes")
    expect(changes.get_by_role("deletion")).to_have_text("8")
    expect(changes.get_by_role("insertion")).to_have_text("9")


def test_changes_and_notes_fold_and_each_step_can_be_cancelled(window: Opener, tmp_path: Path) -> None:
    page = window(TEACHER)
    people = b"name;id\nAnna;1\nBen;2\nCleo;3\n"
    uploaded(page, "7d.csv", people, of_list="Wizard 7d")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wizard 7d")
    uploaded(page, "7d.csv", people)
    press(page, "Preview changes")
    press(page, "Save changes")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("3 added")
    uploaded(page, "7d.csv", b"name;id\nAnna B.;1\n" + b"Ben;2\n" * 25)
    press(page, "Preview changes")
    changes = page.get_by_role("region", name="Changes")
    for heading, name in (("Changed", "Anna B."), ("Removed from the list", "Cleo")):
        shown = changes.get_by_text(name, exact=True).first
        expect(shown).to_be_visible()
        changes.locator("summary").filter(has_text=heading).click()
        expect(shown).to_be_hidden()
    expect(page.get_by_text("Line 27:")).to_be_hidden()
    page.locator("summary").filter(has_text="Show more").click()
    expect(page.get_by_text("Line 27:")).to_be_visible()

    export = tmp_path / "export.zip"
    export.write_bytes(packed(EXPORT))
    page.goto("/lists/")
    press(page, "Import OneRoster")
    page.get_by_role("link", name="Cancel").click()
    press(page, "Import OneRoster")
    page.get_by_label("OneRoster export").set_input_files(export)
    press(page, "Upload file")
    expect(page.get_by_role("heading", level=1)).to_have_text("Classes in the OneRoster file")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Class lists")


def test_half_a_name_is_asked_about(window: Opener) -> None:
    page = window(TEACHER)
    uploaded(page, "7c.xlsx", xlsx([["Surname", "ID"], ["Brandt", 17]]), of_list="Wizard 7c")
    expect(page.get_by_role("alert")).to_contain_text("column A “Surname” seems to contain last names")
    assert_accessible(page)
    press(page, "Preview changes")  # the browser asks for the missing choice
    expect(page.get_by_label("Surname")).to_be_focused()
    page.get_by_label("Surname").select_option(label="Full name")
    press(page, "Preview changes")
    expect(page.get_by_role("row", name="Brandt")).to_contain_text("17")
    keep_screenshot(page, "list-file-preview")


def test_keyboard_alone_imports_a_oneroster_export(window: Opener, tmp_path: Path) -> None:
    export = tmp_path / "export.zip"
    export.write_bytes(packed(EXPORT))
    page = window(TEACHER)
    keys = Keys(page)
    page.goto("/lists/")
    keys.follow("^Import OneRoster$")
    keys.file("^OneRoster export", export)
    keys.follow("^Upload file$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Classes in the OneRoster file")
    assert_accessible(page)
    keys.enter("^Added to the list", back=False)
    expect(page.get_by_text("ada@school.example").first).to_be_visible()
    keys.follow("^Save changes$")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("2 class lists were saved.")
    page.get_by_role("link", name="Maths 8a").click()
    expect(page.get_by_role("row", name="Zoë Brandt")).to_contain_text("u2")
