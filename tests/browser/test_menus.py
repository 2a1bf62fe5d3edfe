"""Clicks on the texts in a menu, at real points: the menu stays open and the page responds."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import open_class
from tests.browser.school import TEACHER
from tests.browser.test_scheduling import fill_in_series

WIDTHS: Final = (1280, 390)
# The middle of each piece of text, and a point just inside each end of the element.
_POINTS: Final = """(element) => {
  const points = [];
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const box of range.getClientRects()) {
      if (box.width > 1) points.push([box.x + box.width / 2, box.y + box.height / 2]);
    }
  }
  const box = element.getBoundingClientRect();
  points.push([box.right - 2, box.y + box.height / 2], [box.x + 2, box.bottom - 2]);
  return points;
}"""


def press_at(page: Page, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()


def press_every_text_in(page: Page, menu: Locator, *, pieces: int, labels: int) -> None:
    """Open a menu and press each of its labels and paragraphs, at each of their points."""
    menu.locator("summary").click()
    expect(menu.locator("label")).to_have_count(labels)
    written = menu.locator("label:visible, p:visible, .who:visible")
    expect(written).to_have_count(pieces)
    for piece in written.all()[:pieces]:  # a press may show another paragraph
        piece.scroll_into_view_if_needed()
        for x, y in piece.evaluate(_POINTS):
            press_at(page, x, y)
            assert menu.get_attribute("open") is not None, f"a press at {x}, {y} closed {menu}"
    menu.locator("summary").click()
    expect(menu).not_to_have_attribute("open", "")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("menu", "labels"), [(".wall-view", 5), (".filters-more", 4)])
def test_labels_in_the_menus_of_the_class_list(window: Opener, menu: str, labels: int, width: int) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844})
    page.goto("/")
    press_every_text_in(page, page.locator(menu), pieces=labels, labels=labels)


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_in_the_menus_of_a_class(window: Opener, classroom: MakeClassroom, width: int) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844})
    open_class(page, classroom(f"Menus {width}"))
    press_every_text_in(page, page.locator(".menu.copy"), pieces=1, labels=1)
    press_every_text_in(page, page.locator(".menu.account"), pieces=1, labels=0)


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_in_the_menus_of_a_series(window: Opener, simulator: RunningSimulator, width: int) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844})
    fill_in_series(page, simulator, f"Menus of a plan {width}", first=10, times=2)
    page.get_by_role("button", name="Create class").click()
    moves = page.locator("details.menu[id^=move-]")
    expect(moves).to_have_count(2)
    for move in moves.all():
        press_every_text_in(page, move, pieces=1, labels=1)
    press_every_text_in(page, page.locator("#plan-rest"), pieces=1, labels=0)


def press_elsewhere(page: Page) -> None:
    page.get_by_role("heading", level=1).click()


def tab_on(page: Page) -> None:
    page.locator(".wall-view").get_by_role("link").last.focus()
    page.keyboard.press("Tab")


def escape_from_words(page: Page) -> None:
    page.locator(".wall-view label").first.click()
    page.keyboard.press("Escape")


@pytest.mark.parametrize("leave", [press_elsewhere, tab_on, escape_from_words])
def test_a_menu_closes_when_the_focus_leaves_it(window: Opener, leave: Callable[[Page], None]) -> None:
    page = window(TEACHER)
    page.goto("/")
    menu = page.locator(".wall-view")
    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    leave(page)
    expect(menu).not_to_have_attribute("open", "")


def test_a_press_elsewhere_closes_a_menu_on_release(window: Opener) -> None:
    """Otherwise the pressed element would move under the pointer."""
    page = window(TEACHER)
    page.goto("/")
    menu, other = page.locator(".wall-view"), page.locator(".account")
    menu.locator("summary").click()
    box = other.locator("summary").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    assert menu.get_attribute("open") is not None
    page.mouse.up()
    expect(menu).not_to_have_attribute("open", "")
    expect(other).to_have_attribute("open", "")
