"""An administrator reads how long data is kept, and keeps a class."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, keep_screenshot, open_class
from tests.browser.school import ADMINISTRATOR


def test_an_administrator_keeps_a_class_and_lets_it_go(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Complaint 6b")
    page = window(ADMINISTRATOR, viewport={"width": 390, "height": 844})
    open_class(page, room)
    key = page.url.split("/classes/")[1].split("/")[0]
    page.goto(f"/classes/{key}/keep/")
    assert_fits(page)
    page.get_by_role("checkbox", name="Keep the data of this class").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter a reason.")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill("A complaint of a parent")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)

    page.goto("/settings/")
    page.locator("#to-retention").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retention")
    assert_fits(page)
    kept = page.get_by_role("row").filter(has_text="A complaint of a parent")
    expect(kept).to_contain_text(room.name)
    keep_screenshot(page, "retention")
    kept.get_by_role("link", name="Change").click()
    page.get_by_role("checkbox", name="Keep the data of this class").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(room.name)
    page.goto("/settings/retention/")
    expect(page.get_by_text("Retention applies to all classes.")).to_be_visible()
