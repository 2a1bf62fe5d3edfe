"""On a phone: everything fits, and the main tasks work by touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import (
    assert_fits,
    card,
    dialog,
    keep_screenshot,
    last_command,
    open_class,
    removal_of,
    row_of,
)
from tests.browser.scene import furnish
from tests.browser.school import ADMINISTRATOR, TEACHER

PAGES = ["/", "/classes/new/", "/people/", "/people/new/", "/people/2/", "/people/unassigned/"]
PAGES += ["/settings/", "/settings/audit/", "/account/password/"]

# links of the header that overlap, are cut off, or are too small to touch
HEAD = """() => {
  const parts = [...document.querySelectorAll(".bar > .brand, .bar .nav a, .bar .account > summary")]
    .filter((part) => part.getClientRects().length);
  const boxes = parts.map((part) => [part.textContent.trim(), part.getBoundingClientRect(), part]);
  const over = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5;
  return boxes.filter(([, box, part], at) => box.width < 44 || box.height < 44 || box.left < 0
    || box.right > innerWidth || part.scrollWidth > part.clientWidth
    || boxes.some(([, other], nth) => nth !== at && over(box, other)))
    .map(([words, { left, right, width, height }]) => ({ words, left, right, width, height }));
}"""


@pytest.mark.parametrize("language", ["en", "es", "ar", "zh-Hans-CN"])
def test_the_header_fits_all_links_of_an_administrator(window: Opener, language: str) -> None:
    page = window(ADMINISTRATOR, locale=language, has_touch=True, viewport={"width": 390, "height": 700})
    page.goto("/settings/")
    assert page.locator(".bar .nav a").count() == 6
    for width in (320, 360, 390, 600):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(HEAD) == [], width
        if width == 360:
            keep_screenshot(page, f"head-{language}")
    page.emulate_media(color_scheme="dark")
    keep_screenshot(page, f"head-{language}-dark")


@pytest.mark.parametrize("width", [360, 390])
def test_nothing_scrolls_sideways(window: Opener, classroom: MakeClassroom, width: int) -> None:
    room = classroom(f"A class with a name that is as long as one of a class may be {width}")
    furnish(room)
    page = window(ADMINISTRATOR, viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    open_class(page, room)
    expect(row_of(page, "Zoë Brandt")).to_be_visible()
    assert_fits(page)
    address = page.url
    for path in PAGES:
        page.goto(path)
        assert_fits(page)
    for part in ("do/end/", "do/close/", "recording/start/", "files/add/", "files/delete/", "details/"):
        page.goto(address + part)
        expect(page.get_by_role("heading").first).to_be_visible()
        assert_fits(page)
    nobody = window(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    nobody.goto("/sign-in/")
    assert_fits(nobody)


def test_the_main_tasks_by_touch(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Thumbs 3b", state=0)
    page = window(TEACHER, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    open_class(page, room)
    page.get_by_role("button", name="Start class").tap()
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    room.enter("p1", "Pia Student")
    removal_of(page, "Pia Student").tap()
    assert_fits(page)
    dialog(page).get_by_text("For 1 hour").tap()
    dialog(page).get_by_role("button", name="Remove").tap()
    expect(row_of(page, "Pia Student")).to_have_count(0)
    assert room.person("p1")["isBanned"] is True
    card(page, "Recording").get_by_role("link", name="Start with settings…").tap()
    dialog(page).get_by_role("button", name="Start recording").tap()
    expect(card(page, "Recording")).to_contain_text("On")
    assert room.truth()["recordings"][0]["status"] == 1
    page.get_by_role("link", name="End class").tap()
    dialog(page).get_by_role("button", name="End and stop recording").tap()
    expect(last_command(page)).to_contain_text(re.compile(r"Stop recording\s+Confirmed"))
    assert room.truth()["state"] == 2
    small = page.evaluate(
        """() => [...document.querySelectorAll("main a.button, main button, main summary")]
          .map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([words]) => words)"""
    )
    assert small == [], f"too small to touch: {small}"
