"""One student: the search in the head, the timeline, and the search in a class for people who left."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, dialog, open_class, row_of
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom


def lesson(classroom: MakeClassroom, name: str) -> Classroom:
    """Open a class in which Zoë wrote, raised her hand and left; Ben is present."""
    room = classroom(name)
    room.enter("s-zoe", "Zoë Timeline")
    room.enter("s-ben", "Ben Timeline")
    room.act("chat", userUuid="s-zoe", message="Which page?")
    room.act("wave", userUuid="s-zoe")
    room.act("reward", userUuid="s-zoe", change=1)
    room.act("leave", userUuid="s-zoe")
    return room


def head_search(page: Page) -> Locator:
    return page.get_by_role("search", name="Search all classes").get_by_role("searchbox")


def test_last_hour_of_a_student_is_two_clicks_from_the_class(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = lesson(classroom, "Timeline 8a")
    page = window(TEACHER)
    open_class(page, room)
    row_of(page, "Ben Timeline").get_by_role("link", name="Ben Timeline", exact=True).click()
    dialog(page).get_by_role("link", name="Timeline").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ben Timeline")
    expect(page.get_by_role("link", name="Last hour")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("region", name=room.name)).to_contain_text("joined")


def test_student_who_left_is_found_while_typing(window: Opener, classroom: MakeClassroom) -> None:
    room = lesson(classroom, "Timeline 8b")
    page = window(TEACHER)
    open_class(page, room)
    expect(page.get_by_text("People who left", exact=True)).to_be_visible()
    field = head_search(page)
    field.press_sequentially("zoe timel")
    found = page.locator(".head-found").get_by_role("link", name=re.compile("^Zoë Timeline"))
    expect(found).to_be_visible()
    field.press("ArrowDown")
    expect(found).to_be_focused()
    page.keyboard.press("Escape")
    expect(found).to_have_count(0)
    expect(field).to_be_focused()
    field.press_sequentially("i")
    found.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoë Timeline")
    timeline = page.get_by_role("region", name=room.name)
    for words in ("got a reward", "raised a hand", "Which page?", "joined", "left"):
        expect(timeline).to_contain_text(words)
    timeline.get_by_role("link").nth(1).click()
    expect(page).to_have_url(re.compile(r"/replay/\?at=\d+"))


def test_search_works_without_scripts(window: Opener, classroom: MakeClassroom) -> None:
    room = lesson(classroom, "Timeline 8c")
    page = window(TEACHER)
    open_class(page, room)  # the dashboard knows the class then
    plain = window(TEACHER, java_script_enabled=False)
    plain.goto("/")
    head_search(plain).fill("Ben timeline")
    head_search(plain).press("Enter")
    expect(plain.get_by_role("heading", name="Students")).to_be_visible()
    plain.get_by_role("link", name=re.compile("^Ben Timeline")).first.click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Ben Timeline")
    plain.get_by_text("From–to").click()
    plain.get_by_label("From", exact=True).fill("2020-01-01T00:00")
    plain.get_by_role("button", name="Show").first.click()
    expect(plain.get_by_text("joined").first).to_be_visible()


def test_search_in_a_class_finds_who_left_and_says_if_there_is_none(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = lesson(classroom, "Timeline 8d")
    page = window(TEACHER)
    open_class(page, room)
    expect(row_of(page, "Ben Timeline")).to_be_visible()
    find = page.get_by_role("searchbox", name="Search people")
    gone = page.get_by_role("table", name="People who left the class").get_by_role("rowheader")
    said = page.locator("#find-result")
    find.fill("zoe")
    expect(gone.filter(visible=True)).to_contain_text(["Zoë Timeline"])
    expect(said).to_have_text("1 person who has left matches your search.")
    find.fill("timeline")
    expect(row_of(page, "Ben Timeline")).to_be_visible()
    expect(said).to_have_text("1 person who has left matches your search.")
    find.fill("nobody like that")
    expect(said).to_contain_text("No one in this class matches.")
    said.get_by_role("link", name="Search all classes").click()
    expect(page.get_by_role("searchbox", name="Find a class or a person").last).to_have_value(
        "nobody like that"
    )
    expect(page.get_by_text("No matching classes or people.").last).to_be_visible()


def test_search_and_timeline_fit_every_screen(window: Opener, classroom: MakeClassroom) -> None:
    room = lesson(classroom, "Timeline 8e")
    page = window(ADMINISTRATOR)
    open_class(page, room)
    for width in (320, 390, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/search/?q=timeline")
        assert_fits(page)
        page.get_by_role("link", name=re.compile("^Ben Timeline")).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ben Timeline")
        assert_fits(page)
