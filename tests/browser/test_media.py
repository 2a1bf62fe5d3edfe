"""Recordings with settings, and files from the computer, as a teacher uses them."""

import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.actions.files import PDF, PNG, office
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import (
    assert_fits,
    card,
    dialog,
    keep_screenshot,
    last_command,
    open_class,
    press,
)
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, TEACHER, Classroom, eventually


def of_cloud(room: Classroom, name: str) -> dict:
    """Return what the cloud knows about a file, once it has it."""
    return eventually(
        lambda: next((one for one in room.truth()["resources"] if one["resourceName"] == name), None)
    )


def get(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Fetch a file as the cloud does: over HTTP, without a cookie."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.status, answer.read(), dict(answer.headers)


@pytest.fixture
def computer(tmp_path: Path) -> Path:
    """Return a folder with files to upload."""
    (tmp_path / "Fractions and more.pdf").write_bytes(PDF)
    (tmp_path / "Cells.pptx").write_bytes(office("ppt"))
    (tmp_path / "evil.png").write_text("<svg onload='alert(1)'/>")
    (tmp_path / "page.html").write_text("<script>alert(1)</script>")
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "big.png").write_bytes(PNG + bytes(12_000_000))
    return tmp_path


def choose(page: Page, file: Path) -> None:
    dialog(page).get_by_label("File", exact=True).set_input_files(file)


def test_a_file_from_the_computer(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard, computer: Path
) -> None:
    room = classroom("Upload 5a")
    page = window(TEACHER)
    open_class(page, room)
    part, asks = card(page, "Files"), dialog(page)
    press(page, "Add")
    expect(asks).to_contain_text("only this computer can open")
    asks.get_by_role("button", name="Add file").click()
    expect(asks).to_contain_text("Choose a file.")
    for hostile, words in (
        ("page.html", "This type of file"),
        ("evil.png", "another format"),
        ("empty.pdf", "empty"),
    ):
        choose(page, computer / hostile)
        expect(asks).to_contain_text(words)
    choose(page, computer / "Fractions and more.pdf")
    expect(asks).to_contain_text("uploaded")
    expect(asks.get_by_label("Name")).to_have_value("Fractions and more.pdf")
    asks.get_by_text("Conversion settings").click()
    asks.get_by_label("Sharpness").fill("9")
    asks.get_by_role("button", name="Add file").click()
    expect(asks).to_contain_text("The value must be from 0.1 to 3")
    expect(asks).to_contain_text("uploaded")  # the file is not uploaded again
    asks.get_by_label("Sharpness").fill("2")
    asks.get_by_label("Image format").select_option("webp")
    keep_screenshot(page, "media-upload")
    asks.get_by_role("button", name="Add file").click()
    expect(last_command(page)).to_contain_text(
        re.compile(r"Add the file: Fractions and more.pdf\s+Confirmed")
    )

    known = of_cloud(room, "Fractions and more.pdf")
    assert known["size"] == len(PDF)
    assert known["conversion"] == {"type": "static", "scale": 2, "outputFormat": "webp"}
    status, body, headers = get(known["url"])
    assert (status, body, headers["content-type"]) == (200, PDF, "application/pdf")
    assert get(known["url"], Range="bytes=1-3")[:2] == (206, PDF[1:4])

    expect(part.get_by_role("progressbar", name="Converting")).to_be_visible()
    expect(part).to_contain_text(re.compile(r"Page \d+ of \d+"))
    link = part.get_by_role("link", name=re.compile(r"View the \d+ pages"))
    expect(link).to_be_visible(timeout=60_000)
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fractions and more.pdf")
    pictures = page.get_by_role("img", name=re.compile(r"Page \d"))
    expect(pictures.first).to_be_visible()
    eventually(lambda: pictures.first.evaluate("image => image.complete && image.naturalWidth > 0"))
    keep_screenshot(page, "media-pages")
    assert_fits(page)


def test_choose_another_and_stop_and_powerpoint(
    window: Opener, classroom: MakeClassroom, computer: Path
) -> None:
    room = classroom("Upload 5b")
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 844})
    open_class(page, room)
    card(page, "Files")
    asks = dialog(page)
    press(page, "Add")
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    slow.send("Network.emulateNetworkConditions", conditions)
    choose(page, computer / "big.png")
    bar = asks.get_by_role("progressbar", name="Uploading")
    expect(bar).to_be_visible()
    eventually(lambda: float(bar.evaluate("bar => bar.value")) >= 1)
    expect(asks.get_by_role("button", name="Add file")).to_be_disabled()
    asks.get_by_role("button", name="Cancel upload").click()
    expect(bar).to_be_hidden()
    slow.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": -1})
    choose(page, computer / "Fractions and more.pdf")
    expect(asks).to_contain_text("uploaded")
    with page.expect_file_chooser() as chooser:
        asks.get_by_role("button", name="Choose another file").click()
    chooser.value.set_files(computer / "Cells.pptx")
    expect(asks.get_by_label("Name")).to_have_value("Cells.pptx")
    asks.get_by_text("Conversion settings").click()
    asks.get_by_label("Also create thumbnails").check()
    asks.get_by_role("button", name="Add file").click()
    expect(card(page, "Files")).to_contain_text("Cells.pptx")
    assert of_cloud(room, "Cells.pptx")["conversion"] == {"type": "dynamic", "preview": True}


def test_delete_and_undo(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Undo 5c")
    for number in (1, 2, 3):
        room.act("resource", resourceUuid=f"sheet-{number}", resourceName=f"Sheet {number}.pdf")
    page, other = window(TEACHER), window(ADMINISTRATOR)
    for one in (page, other):
        open_class(one, room)
        expect(card(one, "Files")).to_contain_text("Sheet 3.pdf")
    press(page, "Delete")
    for number in (1, 3):
        dialog(page).get_by_label(f"Sheet {number}.pdf").check()
    dialog(page).get_by_role("button", name="Delete").click()
    seen = card(other, "Files")
    expect(seen).to_contain_text("about to be deleted")
    left = seen.locator("[data-left]")
    first = int(left.inner_text())
    assert 1 <= first <= 10
    eventually(lambda: int(left.inner_text()) < first)
    keep_screenshot(page, "media-undo")
    undo = seen.get_by_role("button", name="Undo")
    undo.focus()
    other.keyboard.press("Enter")
    for one in (page, other):
        expect(card(one, "Files")).not_to_contain_text("about to be deleted")
        expect(card(one, "Files")).to_contain_text("Sheet 1.pdf")
    assert len(room.truth()["resources"]) == 3

    press(page, "Delete")
    dialog(page).get_by_label("Sheet 2.pdf").check()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(card(page, "Files")).to_contain_text("about to be deleted")
    expect(card(other, "Files")).not_to_contain_text("Sheet 2.pdf", timeout=60_000)
    expect(last_command(page)).to_contain_text(re.compile(r"Delete files:\s+Sheet 2.pdf\s+Confirmed"))
    assert {one["resourceName"] for one in room.truth()["resources"]} == {"Sheet 1.pdf", "Sheet 3.pdf"}


def test_settings_of_a_recording(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Record 5d")
    page = window(TEACHER)
    open_class(page, room)
    part, asks = card(page, "Recording"), dialog(page)
    part.get_by_role("link", name="Start with settings…").click()
    expect(asks.get_by_label("Address of the page")).to_be_hidden()
    asks.get_by_label("The classroom as a web page").check()
    asks.get_by_label("Address of the page").fill("https://class.school.test/watch")
    asks.get_by_text("More settings").click()
    speed = asks.get_by_label("Frames per second")
    speed.type("90")
    expect(asks).to_contain_text(
        "Enter a whole number from 5 to 60."
    )  # while typing, before anything is sent
    expect(speed).to_be_focused()
    expect(speed).to_have_attribute("aria-invalid", "true")
    speed.fill("30")
    expect(asks).not_to_contain_text("Enter a whole number from 5 to 60.")
    asks.get_by_label("Width").fill("640")
    asks.get_by_label("Height").fill("480")
    asks.get_by_label("Also stream the recording live").check()
    asks.get_by_label("Start paused").check()
    asks.get_by_label("Audio", exact=True).select_option("2")
    keep_screenshot(page, "media-recording")
    asks.get_by_role("button", name="Start recording").click()
    expect(part).to_contain_text("Paused")
    (row,) = room.truth()["recordings"]
    assert row["config"] == {
        "rootUrl": "https://class.school.test/watch", "videoFps": 30, "videoWidth": 640, "videoHeight": 480,
        "publishRtmp": "true", "onhold": True, "audioProfile": 2,
    }  # fmt: skip

    part.get_by_role("link", name="Streaming addresses").click()
    shown = asks.get_by_role("textbox", name=re.compile("For browsers"))
    expect(shown).to_have_value(re.compile(r"^https://live\..*m3u8$"))
    asks.get_by_role("button", name=re.compile("Copy: For browsers")).click()
    expect(asks).to_contain_text(re.compile("Copied|Ctrl"))
    page.keyboard.press("Escape")

    press(page, "Change settings")
    expect(asks.get_by_label("Frames per second")).to_have_value("30")
    expect(asks.get_by_label("Paused", exact=False)).to_be_checked()
    asks.get_by_label("Bit rate").fill("3000")
    asks.get_by_label("Paused", exact=False).uncheck()
    asks.get_by_role("button", name="Change recording settings").click()
    expect(part).to_contain_text("On")
    assert room.truth()["recordings"][0]["config"]["videoBitrate"] == 3000
    expect(part.locator(".cover-recorded.open")).to_have_count(1)
    part.get_by_text("Recording timeline").click()
    expect(part).to_contain_text(re.compile(r"until now: Recorded"))
    keep_screenshot(page, "media-class", full=True)
    press(page, "Stop recording")
    asks.get_by_role("button", name="Stop recording").click()
    expect(part).to_contain_text("Off")


def test_other_teachers_cannot_open_files_and_recordings(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Closed 5e")
    room.act("resource", resourceUuid="s", resourceName="Sheet.pdf", convert=True)
    page = window(TEACHER)
    open_class(page, room)
    path = page.evaluate("location.pathname")
    other = window(OTHER_TEACHER)
    for more in (
        "files/add/",
        "files/delete/",
        "files/1/pages/",
        "recordings/1/streams/",
        "recording/start/",
    ):
        assert other.goto(f"{path}{more}").status == 404, more
