"""Find parts of the pages by role and text."""

import os
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.school import Classroom

# The folder for screenshots; without it, none are taken.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


def open_class(page: Page, room: Classroom) -> None:
    """Open the page of a class from the class list, once the dashboard knows the class."""
    page.goto(f"?q={quote(room.name)}")
    link = page.get_by_role("link", name=room.name, exact=True).first
    try:
        link.wait_for(timeout=5000)
    except TimeoutError:  # a page that is open does not find a class that was over when its name arrived
        page.reload()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    page.wait_for_load_state()  # until then, keys and links work without the scripts


PANELS = {
    "People": "people",
    "Raised hands": "hands",
    "Chat": "chat",
    "Quizzes and polls": "questions",
    "Files": "files",
    "Recording": "recording",
    "Breakout rooms": "groups",
    "Attendance": "attendance",
    "Events": "events",
    "Commands": "commands",
    "Details": "details",
}


def card(page: Page, title: str) -> Locator:
    """Return the panel with this title. In a class that shows another panel in its place, choose it."""
    panel = page.get_by_role("region", name=title, exact=True)
    link = page.locator(f'.rail li[data-part="{PANELS.get(title)}"] a')
    if title in PANELS and link.count() and not panel.is_visible():
        if not link.is_visible():
            page.locator(".rail .more").click()
        link.click()
        expect(panel).to_be_visible()
        expect(panel.get_by_text("Loading…", exact=True)).to_have_count(0)
    return panel


def roster(page: Page) -> Locator:
    """Return the table of the people in the class now or, in the replay, at the time that it shows."""
    return page.get_by_role("table", name=re.compile("^People in the class (now|at this time)$"))


def row_of(page: Page, name: str) -> Locator:
    """Return the row of a person who is in the class now."""
    return roster(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def removal_of(page: Page, name: str) -> Locator:
    """Return the link that opens the dialog to remove a person, in their row."""
    return row_of(page, name).get_by_role("link", name=re.compile("^Remove"))


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button of the page (some buttons are links), in the menu of a class if it is there."""
    button = page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first
    menu = page.locator(".head-more:not([open]) > summary")
    if menu.count() and not button.count():
        menu.click()
    button.click()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def last_command(page: Page) -> Locator:
    """Return the line with the state of the last command."""
    return page.locator(".last-command")


def assert_fits(page: Page) -> None:
    """Assert that the page does not scroll sideways."""
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
           [document.documentElement.scrollWidth, ...[...document.querySelectorAll("body *")]
             .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
             .map((e) => e.outerHTML.slice(0, 160))]"""
    )
    assert wide == [], f"{page.url} scrolls sideways: {wide}"


def keep_screenshot(page: Page, name: str, *, full: bool = False) -> None:
    """Save a screenshot as `name`.png if SCREENSHOTS names a folder."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=full)
