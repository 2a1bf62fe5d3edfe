"""Find parts of the pages by role and text."""

import os
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser.school import Classroom

# The folder for screenshots; without it, none are taken.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


def open_class(page: Page, room: Classroom) -> None:
    """Open the page of a class from the class list, once the dashboard knows the class."""
    page.goto(f"?q={quote(room.name)}")
    page.get_by_role("link", name=room.name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)


def card(page: Page, title: str) -> Locator:
    """Return the panel with this title."""
    return page.get_by_role("region", name=title, exact=True)


def roster(page: Page) -> Locator:
    """Return the table of the people in the class now."""
    return page.get_by_role("table", name="People in the class now")


def row_of(page: Page, name: str) -> Locator:
    """Return the row of a person who is in the class now."""
    return roster(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def removal_of(page: Page, name: str) -> Locator:
    """Return the link that opens the dialog to remove a person, in their row."""
    return row_of(page, name).get_by_role("link", name=re.compile("^Remove"))


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button of the page (some buttons are links)."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()


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
