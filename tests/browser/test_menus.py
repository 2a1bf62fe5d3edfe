"""Clicks on the texts in a menu, at real points: the menu stays open and the page responds."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, open_class, removal_of, row_of
from tests.browser.scene import furnish
from tests.browser.school import TEACHER
from tests.browser.test_scheduling import fill_in_series

# The middle of each piece of text, and a point inside each end of the element. A finger's point near an edge
# may mean the neighbour: browsers choose for it.
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
  const inside = navigator.maxTouchPoints > 0 ? 9 : 2;
  points.push([box.right - 2, box.y + box.height / 2], [box.x + 2, box.bottom - inside]);
  return points;
}"""


TOUCH: Final = {"has_touch": True, "is_mobile": True}
BY: Final = pytest.mark.parametrize("by", [{}, TOUCH], ids=["mouse", "touch"])
ON: Final = pytest.mark.parametrize(
    ("width", "by"), [(390, TOUCH), (1280, {})], ids=["phone by touch", "window by mouse"]
)


def press_at(page: Page, x: float, y: float, *, leaves: bool = False) -> None:
    """Press a point by the mouse, or tap it on a touch screen. `leaves`: the press opens another page."""
    if page.evaluate("navigator.maxTouchPoints > 0"):
        clicked = "window.clicked = new Promise((done) => addEventListener('click', done, { once: true }))"
        page.evaluate(f"() => {{ {clicked}; }}")
        page.touchscreen.tap(x, y)
        if not leaves:  # the click follows the tap a little later
            wait = "Promise.race([window.clicked, new Promise((done) => setTimeout(done, 1000))])"
            page.evaluate(f"() => {wait}.then(() => true)")
        return
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


# What a press on a label must do, from the label's control before and after it.
_CONTROL: Final = """(label) => {
  const { control } = label;
  if (!control || control.disabled) return null;
  return { type: control.type, checked: control.checked, focused: control === document.activeElement };
}"""


def press_every_label_in(page: Page, place: Locator) -> int:
    """Press every visible label in its words and its padding, and check the effect. Return how often."""
    pressed = 0
    for label in place.locator("label:not(.sr-only):visible").all():
        if not label.is_visible() or label.evaluate(_CONTROL) is None:  # an earlier press may have hidden it
            continue
        label.scroll_into_view_if_needed()
        for x, y in label.evaluate(_POINTS):
            hit = "([label, x, y]) => label.contains(document.elementFromPoint(x, y))"
            if not page.evaluate(hit, [label.element_handle(), x, y]):
                continue  # another element is in front of this corner
            before = label.evaluate(_CONTROL)
            press_at(page, x, y)
            after = label.evaluate(_CONTROL)
            words = label.inner_text()
            if before["type"] == "checkbox":
                assert after["checked"] != before["checked"], f"{words} at {x}, {y}"
            elif before["type"] == "radio":
                assert after["checked"], f"{words} at {x}, {y}"
            else:
                assert after["focused"], f"{words} at {x}, {y}"
            pressed += 1
    return pressed


@ON
@pytest.mark.timeout(240)
def test_every_label_does_what_it_says_wherever_it_is_pressed(
    window: Opener, classroom: MakeClassroom, width: int, by: dict[str, bool]
) -> None:
    room = classroom(f"Labels {width} {len(by)}")
    furnish(room)
    page = window(TEACHER, viewport={"width": width, "height": 844}, **by)
    open_class(page, room)
    expect(row_of(page, "Zoë Brandt")).to_be_visible()
    address = page.url.partition("?")[0]
    card(page, "Chat")
    assert press_every_label_in(page, page.locator("main")) >= 3
    for path, least in (
        ("recording/start/", 6), ("files/add/", 4), ("groups/", 10), ("properties/", 1), ("list/", 0),
        ("do/end/", 0), ("replay/", 1),
    ):  # fmt: skip
        page.goto(address + path)
        assert press_every_label_in(page, page.locator("main")) >= least, path
    for path, least in (("/classes/new/", 10), ("/lists/new/", 1), ("/account/settings/", 2)):
        page.goto(path)
        assert press_every_label_in(page, page.locator("main")) >= least, path


@BY
def test_every_label_of_the_dialog_about_a_removal(
    window: Opener, classroom: MakeClassroom, by: dict[str, bool]
) -> None:
    room = classroom(f"Dialog labels {len(by)}")
    room.enter("p1", "Pia Student")
    page = window(TEACHER, viewport={"width": 390, "height": 844}, **by)
    open_class(page, room)
    removal_of(page, "Pia Student").click()
    expect(dialog(page)).to_be_visible()
    assert press_every_label_in(page, dialog(page)) >= 20
    expect(dialog(page)).to_be_visible()


@ON
@pytest.mark.parametrize("view", ["tiles", "rows"])
def test_a_class_opens_wherever_its_tile_or_row_is_pressed(
    window: Opener, classroom: MakeClassroom, width: int, view: str, by: dict[str, bool]
) -> None:
    room = classroom(f"Pressed {width} {view} {len(by)}")
    planned = classroom(f"Planned {width} {view} {len(by)}", state=0, teacher=None)
    page = window(TEACHER, viewport={"width": width, "height": 844}, **by)
    for one in (room, planned):
        for corner in ("start", "end"):
            page.goto(f"/?q={one.name}")
            row = page.locator("li.tile, li.line").filter(has_text=one.name).first
            if one is planned and not row.count():
                break  # a class without a teacher is not listed for this person
            expect(row).to_be_visible()
            if view == "rows":
                page.evaluate("document.cookie = 'wall=rows; path=/'")
                page.reload()
            row.scroll_into_view_if_needed()
            box = row.bounding_box()
            assert box
            x = box["x"] + (4 if corner == "start" else box["width"] - 4)
            press_at(page, x, box["y"] + box["height"] - 4, leaves=True)
            expect(page.get_by_role("heading", level=1)).to_have_text(one.name)


def test_text_selected_in_a_dialog_may_end_outside_of_it(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Selecting")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    removal_of(page, "Pia Student").click()
    reason = dialog(page).get_by_label("Reason")
    reason.fill("Shared the link with others")
    box = reason.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(5, box["y"])
    page.mouse.up()
    expect(dialog(page)).to_be_visible()
    expect(reason).to_have_value("Shared the link with others")
    page.mouse.click(5, 5)  # a press that begins outside closes the dialog
    expect(dialog(page)).to_be_hidden()


@ON
@pytest.mark.parametrize(("menu", "labels"), [(".wall-view", 5), (".filters-more", 4)])
def test_labels_in_the_menus_of_the_class_list(
    window: Opener, menu: str, labels: int, width: int, by: dict[str, bool]
) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844}, **by)
    page.goto("/")
    press_every_text_in(page, page.locator(menu), pieces=labels, labels=labels)


@ON
def test_labels_in_the_menus_of_a_class(
    window: Opener, classroom: MakeClassroom, width: int, by: dict[str, bool]
) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844}, **by)
    open_class(page, classroom(f"Menus {width} {len(by)}"))
    press_every_text_in(page, page.locator(".menu.head-more"), pieces=1, labels=1)
    page.goto("/lists/")  # on a phone, the page of a class has no account menu
    press_every_text_in(page, page.locator(".menu.account"), pieces=1, labels=0)


@ON
def test_labels_in_the_menus_of_a_series(
    window: Opener, simulator: RunningSimulator, width: int, by: dict[str, bool]
) -> None:
    page = window(TEACHER, viewport={"width": width, "height": 844}, **by)
    fill_in_series(page, simulator, f"Menus of a plan {width} {len(by)}", first=10, times=2)
    page.get_by_role("button", name="Create class").click()
    expect(page.locator("#plan-rest")).to_be_visible()
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
