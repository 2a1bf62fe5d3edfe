"""The class list: it updates live, can be searched, and shows teachers only their own classes."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import open_class
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, TEACHER


def test_a_class_appears_and_changes_without_reloading(window: Opener, classroom: MakeClassroom) -> None:
    page = window(TEACHER)
    page.goto("/")
    page.evaluate("window.notReloaded = true")
    room = classroom("Living list 7a")
    tile = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=room.name, exact=True))
    expect(tile).to_contain_text("Tara Teacher")
    expect(tile).to_contain_text("1 person present")
    room.enter("p1", "Pia Student")
    room.enter("p2", "Pablo Student")
    expect(tile).to_contain_text("3 people present")
    room.act("wave", userUuid="p1")
    expect(tile).to_contain_text("1 raised hand")
    room.act("lower", userUuid="p1")
    expect(tile).not_to_contain_text("raised hand")
    room.act("record", state=1)
    expect(tile).to_contain_text("Recording")
    room.act("leave", userUuid="teacher-1")
    expect(tile).to_contain_text("No teacher present")
    room.act("state", state=2)
    expect(tile).to_contain_text("Ended")
    expect(tile).to_contain_text("2 people present")
    room.act("state", state=3)
    past = page.get_by_role("region", name="Past")
    expect(past.get_by_role("link", name=room.name, exact=True)).to_be_visible()
    assert page.evaluate("window.notReloaded")


def test_search_and_filters_are_in_the_address(window: Opener, classroom: MakeClassroom) -> None:
    waving, quiet = classroom("Filter waving"), classroom("Filter quiet")
    for room in (waving, quiet):
        room.enter("p1", "Pia Student")
    waving.act("wave", userUuid="p1")
    quiet.act("leave", userUuid="teacher-1")
    page = window(ADMINISTRATOR)
    page.goto("/?q=filter")
    expect(page.get_by_role("link", name=waving.name)).to_be_visible()
    expect(page.get_by_role("link", name=quiet.name)).to_be_visible()
    field = page.get_by_role("searchbox", name="Search by class or teacher")
    field.fill("filter WAV")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"q=filter(\+|%20)WAV"))
    expect(page.get_by_role("link", name=waving.name)).to_be_visible()
    expect(page.get_by_role("link", name=quiet.name)).to_have_count(0)
    page.goto("/?q=filter&hands=up")
    expect(page.get_by_role("link", name=waving.name)).to_be_visible()
    expect(page.get_by_role("link", name=quiet.name)).to_have_count(0)
    page.goto("/?q=filter&teacher=missing")
    expect(page.get_by_role("link", name=quiet.name)).to_be_visible()
    expect(page.get_by_role("link", name=waving.name)).to_have_count(0)
    page.goto("/?q=filter&when=past")
    expect(page.get_by_text("No classes match your search.")).to_be_visible()


def test_filters_with_the_mouse(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Sieve one")
    page = window(ADMINISTRATOR)
    page.goto("/?q=sieve")
    expect(page.get_by_role("link", name=room.name)).to_be_visible()
    page.locator("summary").filter(has_text="Filter").click()
    page.get_by_label("Recording").select_option("on")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("recording=on"))
    expect(page.get_by_role("link", name=room.name)).to_have_count(0)
    room.act("record", state=1)
    expect(page.get_by_role("link", name=room.name)).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    expect(page).not_to_have_url(re.compile("recording=on"))


def test_teachers_see_their_own_classes_only(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = classroom("Own class 5c")
    mine = window(TEACHER)
    open_class(mine, room)
    other = window(OTHER_TEACHER)
    other.goto("/?q=Own+class")
    expect(other.get_by_role("link", name=room.name)).to_have_count(0)
    answer = other.goto(mine.url)
    assert answer is not None
    assert answer.status == 404
    assert room.name not in other.content()
    changes = other.request.get(mine.url.replace("/classes/", "/live/classes/") + "?v=0")
    assert changes.status == 404
    assert mine.request.get(mine.url.replace("/classes/", "/live/classes/") + "?v=0").status == 200
    anyones = window(ADMINISTRATOR)
    open_class(anyones, room)
    assert room.uuid not in mine.url
