"""A printed class page has the complete content, black on white, without buttons."""

from playwright.sync_api import expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class
from tests.browser.school import ADMINISTRATOR

# visible elements whose scrolling cuts off content
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((e) => e.offsetParent && e.scrollHeight > e.clientHeight + 2 && e.clientHeight > 0)
  .filter((e) => ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowY))
  .filter((e) => !e.closest(".sr-only") && getComputedStyle(e).position !== "absolute")
  .map((e) => e.outerHTML.slice(0, 120))"""


def test_a_class_on_paper(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Paper 6c")
    for number in range(40):
        room.enter(f"p{number}", f"Student {number:02}")
        room.act("chat", userUuid=f"p{number}", message=f"Line {number}")
    page = window(ADMINISTRATOR, color_scheme="dark")
    open_class(page, room)
    expect(page.locator("#people-here > tr")).to_have_count(41)
    expect(page.locator("#chat-log")).to_contain_text("Line 39")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#people-here > tr").last).to_be_visible()
    for controls in (".bar", ".skip", ".head-do", "dialog", "#find-person"):
        expect(page.locator(controls).first).to_be_hidden()
    for button in page.locator("main a.button, main button").all():
        expect(button).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.evaluate(CUT) == []
