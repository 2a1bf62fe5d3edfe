"""The main job without a mouse."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.looking import dialog, last_command, removal_of, row_of
from tests.browser.school import PASSWORD, TEACHER


def tab_to(page: Page, words: str, *, most: int = 60) -> None:
    """Press Tab until what has the focus is called `words`."""
    for _ in range(most):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(e => e.getAttribute('aria-label') || (e.labels?.[0] || e).textContent.trim() || e.title)"
            "(document.activeElement)"
        )
        if re.search(words, name):
            return
    raise AssertionError(f"Tab does not reach “{words}”")


def test_sign_in_start_a_class_and_remove_a_pupil(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Keys 1a", state=0)
    room.enter("p1", "Pia Pupil")
    page = window()
    page.goto("/sign-in/")
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type(TEACHER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Classes", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=room.name)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Search by class")
    page.keyboard.type(room.name)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q="))
    tab_to(page, f"^{room.name}$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    tab_to(page, "^Start class$")
    page.keyboard.press("Enter")
    expect(last_command(page)).to_contain_text(re.compile(r"Start the class\s+Confirmed"))
    assert room.truth()["state"] == 1

    page.reload()
    tab_to(page, "^Remove.*Pia Pupil")
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    for _ in range(12):  # the focus goes round inside (or to the browser's own bar), never behind
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || "
            "document.querySelector('dialog').contains(document.activeElement)"
        )
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(removal_of(page, "Pia Pupil")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page)).to_be_visible()
    dialog(page).get_by_label("Not at all").focus()
    page.keyboard.press("ArrowDown")
    expect(dialog(page).get_by_label("For 10 minutes")).to_be_checked()
    tab_to(page, "^Remove$", most=6)
    page.keyboard.press("Enter")
    expect(row_of(page, "Pia Pupil")).to_have_count(0)
    assert room.person("p1")["isBanned"] is True
    # where there was a button there is none any more: the focus is somewhere of use, not lost
    assert page.evaluate("document.activeElement !== null")


def test_escape_closes_a_menu(window: Opener) -> None:
    page = window(TEACHER)
    page.goto("/")
    summary = page.get_by_label("Your account")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()
