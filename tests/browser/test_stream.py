"""Pages that follow a class at once: by the stream, and by asking where a stream cannot be held."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.looking import open_class, roster, row_of
from tests.browser.school import ADMINISTRATOR, TEACHER

# a second is the goal on a quiet machine; five on one that runs other tests beside
SOON_MS = 5_000


def follows(page: Page, way: str = "stream") -> None:
    """Until the page is kept up to date this way."""
    expect(page.locator(f'html[data-live="{way}"]')).to_have_count(1)


def test_two_windows_see_each_others_actions(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Together 4a", state=0)
    room.enter("p1", "Pia")
    one, two = window(TEACHER), window(ADMINISTRATOR)
    for page in (one, two):
        open_class(page, room)
        follows(page)
    one.get_by_role("button", name="Start").first.click()
    expect(two.locator(".last-command")).to_contain_text("Start the class", timeout=SOON_MS)
    expect(two.locator(".last-command")).to_contain_text("Confirmed in", timeout=SOON_MS)
    expect(two.locator("#class-header")).to_contain_text("Live", timeout=SOON_MS)
    expect(one.locator(".last-command")).to_contain_text("Confirmed in", timeout=SOON_MS)
    room.act("wave", userUuid="p1")
    for page in (one, two):
        expect(row_of(page, "Pia")).to_contain_text("Hand up", timeout=SOON_MS)
        follows(page)
