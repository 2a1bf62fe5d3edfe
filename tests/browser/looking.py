"""How the tests find things on the pages: by role and words, as people do."""

import os
import re
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser.school import Classroom

# Pages are looked at by people and by the README: kept when SCREENSHOTS names a folder.
SCREENSHOTS = os.environ.get("SCREENSHOTS")


def open_class(page: Page, room: Classroom) -> None:
    """From the list of classes to the page of the class, once the dashboard has heard of it."""
    page.goto(f"/?q={quote(room.name)}")
    page.get_by_role("link", name=room.name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)


def card(page: Page, title: str) -> Locator:
    """A part of the page, by its title."""
    return page.get_by_role("region", name=title, exact=True)


def roster(page: Page) -> Locator:
    """Who is in the class now."""
    return page.get_by_role("table", name="People in the class now")


def row_of(page: Page, name: str) -> Locator:
    """The row of somebody who is in the class now."""
    return roster(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def removal_of(page: Page, name: str) -> Locator:
    """What opens the question whether to remove somebody, in their row."""
    return row_of(page, name).get_by_role("link", name=re.compile("^Remove"))


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button of the page (some are links where there is no script)."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.click()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def last_command(page: Page) -> Locator:
    """The line that tells how the last command stands."""
    return page.locator(".last-command")


def assert_fits(page: Page) -> None:
    """Nothing on the page is wider than the window."""
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
           [document.documentElement.scrollWidth, ...[...document.querySelectorAll("body *")]
             .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
             .map((e) => e.outerHTML.slice(0, 160))]"""
    )
    assert wide == [], f"{page.url} scrolls sideways: {wide}"


def keep_screenshot(page: Page, name: str, *, full: bool = False) -> None:
    """Save what the page looks like under `name`.png, where SCREENSHOTS names a folder."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=full)
