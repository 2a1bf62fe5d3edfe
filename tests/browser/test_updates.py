"""Live updates keep open menus, the focus, typed text and the scroll position."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.keys import Keys
from tests.browser.page_parts import card, open_class, removal_of, roster, row_of
from tests.browser.school import TEACHER


def test_menus_focus_typing_and_scroll_survive_updates(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Steady 2b", state=1)
    for number in range(40):
        room.enter(f"p{number}", f"Student {number:02}")
    page = window(TEACHER, viewport={"width": 1280, "height": 600})
    open_class(page, room)
    page.get_by_text("People who left", exact=True).click()
    page.locator(".head-more > summary").click()
    link = page.get_by_label("Link for students")
    link.focus()
    find = page.get_by_role("searchbox", name="Search people")
    menu = page.locator("details.head-more")
    updates = _count_updates(page)

    for number in range(20):
        room.act("chat", userUuid="p1", message=f"Message {number}")
        expect(page.get_by_role("log")).to_contain_text(f"Message {number}")
    expect(menu).to_have_attribute("open", "")
    expect(link).to_be_focused()

    find.fill("Student 07")  # a click elsewhere closes the menu; typing alone does not
    top = page.get_by_role("log").evaluate("(log) => { log.scrollTop = -20; return log.scrollTop; }")
    assert top == -20
    for number in range(6):
        room.act("reward", userUuid="p7", change=1)
        room.act("leave", userUuid=f"p{20 + number}")
        expect(row_of(page, "Student 07")).to_contain_text(f"Rewards: {number + 1}")
    assert updates() >= 10
    expect(find).to_be_focused()
    expect(find).to_have_value("Student 07")
    expect(roster(page).get_by_role("rowheader")).to_contain_text(["Student 07"])
    expect(page.locator("#people-gone-fold")).to_have_attribute("open", "")
    assert page.get_by_role("log").evaluate("(log) => log.scrollTop") == top


def test_focus_stays_on_the_button_of_a_row_that_changes(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Steady 2c")
    for name in ("Anna", "Bert", "Zoe"):
        room.enter(name.lower(), name)
    page = window(TEACHER)
    open_class(page, room)
    button = removal_of(page, "Zoe")
    button.focus()
    room.act("wave", userUuid="zoe")
    expect(row_of(page, "Zoe")).to_contain_text("Hand raised")
    expect(roster(page).get_by_role("rowheader").nth(3)).to_contain_text("Zoe")
    expect(button).to_be_focused()
    room.act("resource", resourceUuid="f1", resourceName="One.pdf")
    expect(card(page, "Files")).to_contain_text("One.pdf")
    expect(button).to_be_focused()
    # as if another window became active: the page remembers its focus
    button.evaluate("(one) => one.dispatchEvent(new FocusEvent('focusout', { bubbles: true }))")
    room.act("leave", userUuid="zoe")
    expect(row_of(page, "Zoe")).to_have_count(0)
    Keys(page).holds("Bert")  # the focused row is gone; the nearest has the focus


def _count_updates(page: Page) -> Callable[[], int]:
    """Count the messages that change the page, from now on."""
    page.evaluate(
        """() => {
          window.updates = 0;
          document.addEventListener("htmx:sseMessage", () => (window.updates += 1));
        }"""
    )
    return lambda: page.evaluate("window.updates")
