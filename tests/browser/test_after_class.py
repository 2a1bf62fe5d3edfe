"""After a class: who attended on the page and on paper, and the replay."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import Dashboard, MakeClassroom, Opener
from tests.browser.long_class import FIRST_NAMES, LAST_NAMES, started
from tests.browser.page_parts import assert_fits, card, dialog, keep_screenshot, open_class, press
from tests.browser.pdf import pages_of, words_of
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom, eventually
from tests.browser.test_every_page import violations_of

SIZES = {320: 640, 390: 844, 1440: 900, 2560: 1440}
NAMES = [f"{FIRST_NAMES[number % 10]} {LAST_NAMES[number // 10]}" for number in range(30)]
LIVE_WORDS = ("Live", "People appear here", "not here yet")


@pytest.fixture(scope="module")
def closed(cloud: RunningSimulator, dashboard: Dashboard) -> Classroom:
    """A class with 30 students, which has closed."""
    room = started(cloud, "Geography 7c – Rivers")
    room.act("record", state=1, mode="web", publish=True)
    for number, name in enumerate(NAMES):
        room.enter(f"p{number}", name)
    room.act("quiz", userUuid="teacher-1", items=["Rhine", "Nile"], correctItems=["Nile"])
    room.act("answer", userUuid="p1", selectedItems=["Nile"])
    room.act("quiz", stop=True)
    for number in range(20):
        room.act("chat", userUuid=f"p{number}", message=f"Is it {number} km long?")
    room.act("resource", resourceUuid="map", resourceName="Map of the Nile.pdf", size=284_113)
    room.act("record", state=0)
    room.act("state", state=2)
    room.act("state", state=3)
    eventually(lambda: len(dashboard.room(room.uuid)["participants"]) == 31, within_s=60)
    eventually(lambda: dashboard.room(room.uuid)["state"] == "closed", within_s=60)
    return room


def assert_not_live(page: Page) -> None:
    shown = page.get_by_role("main").inner_text()
    assert not [words for words in LIVE_WORDS if re.search(rf"\b{words}\b", shown)]


def test_attendance_comes_first_then_recordings_and_events(window: Opener, closed: Classroom) -> None:
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    open_class(page, closed)
    report = page.get_by_role("table", name="Attendance")
    expect(report.get_by_role("row").filter(has=page.get_by_role("rowheader"))).to_have_count(31)
    expect(page.locator(".head .present")).to_have_text("30 students were present")
    expect(page.get_by_role("region", name="Recording", exact=True)).to_be_visible()
    expect(page.locator("#event-log > li").first).to_be_visible()
    expect(page.locator("#chat-log")).to_contain_text("Is it 19 km long?")
    for gone in ("People", "Raised hands", "Breakout rooms"):
        expect(page.get_by_role("region", name=gone, exact=True)).to_have_count(0)
    assert_not_live(page)
    expect(page.locator("#do-class-close, #do-class-end, #do-record-start")).to_have_count(0)
    card(page, "Quizzes and polls")
    expect(page.locator("#question-list > li")).to_have_count(1)
    card(page, "Files")
    expect(page.locator("#files").get_by_role("link", name="Map of the Nile.pdf")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("elif w")
    expect(report.get_by_role("rowheader")).to_have_text(["Elif Weber"])
    page.get_by_role("link", name="Elif Weber", exact=True).click()
    expect(dialog(page)).to_contain_text("Elif Weber")


# panels of hardly any height, and names that cover the next column
TOO_SMALL = """() => [
  ...[...document.querySelectorAll(".cockpit > .panel")].filter((one) => {
    const { height } = one.getBoundingClientRect();
    return height > 0 && height < 200;
  }),
  ...[...document.querySelectorAll("#report-rows .rows th")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1),
].map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_the_window(window: Opener, closed: Classroom, width: int, scheme: str) -> None:
    page = window(
        ADMINISTRATOR, viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme,
        locale="ar" if (width, scheme) == (390, "dark") else "en", reduced_motion="reduce",
    )  # fmt: skip
    open_class(page, closed)
    expect(page.locator("#report-rows")).to_be_visible()
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    keep_screenshot(page, f"after-{width}-{scheme}")
    assert_fits(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate(TOO_SMALL) == []
    if scheme == "light":
        assert violations_of(page) == []


# every visible text on paper that is not dark, and every background that is not light
NOT_BLACK_ON_WHITE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getClientRects().length && !one.closest(".sr-only"))
  .flatMap((one) => {
    const style = getComputedStyle(one);
    const [r, g, b, a = 1] = style.backgroundColor.match(/[\\d.]+/g).map(Number);
    const [ir, ig, ib] = style.color.match(/[\\d.]+/g).map(Number);
    const paper = a === 0 || r + g + b > 600;
    const fine = paper && ir + ig + ib < 400;
    return fine ? [] : [`${one.outerHTML.slice(0, 90)} ${style.color} ${style.backgroundColor}`];
  })"""


def test_paper_has_all_names_on_at_most_two_pages(window: Opener, closed: Classroom) -> None:
    page = window(ADMINISTRATOR, color_scheme="dark")
    open_class(page, closed)
    pdf = page.pdf(format="A4")
    words = words_of(pdf)
    assert pages_of(pdf) <= 2
    missing = [name for name in [*NAMES, "Tara Teacher", closed.name] if name.replace(" ", "") not in words]
    assert missing == [], words
    assert len(re.findall(r"minlate", words)) == len(NAMES)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(NOT_BLACK_ON_WHITE) == []
    keep_screenshot(page, "after-paper", full=True)


def test_replay_opens_at_the_beginning_and_looks_unlike_live(window: Opener, closed: Classroom) -> None:
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    open_class(page, closed)
    live = page.locator(".head").evaluate("(head) => getComputedStyle(head).backgroundColor")
    page.locator(".head").get_by_role("link", name="Replay").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Replay of .*\d{4}$"))).to_be_visible()
    expect(page.get_by_role("slider", name="Time in the class")).to_have_value("0")
    band = page.locator(".replay-band").evaluate("(head) => getComputedStyle(head).backgroundColor")
    assert band != live
    assert_not_live(page)
    keep_screenshot(page, "replay-beginning")
    boxes = [
        page.locator(f"#replay-body #{name}").bounding_box() for name in ("class-header", "hands", "people")
    ]
    tops = [(box["y"], box["y"] + box["height"]) for box in boxes if box]
    assert all(above[1] <= below[0] for above, below in pairwise(tops)), "the panels cover each other"
    page.get_by_role("slider", name="Time in the class").press("End")
    expect(page.locator("#class-header")).to_contain_text("Closed")
    press(page, "Back to the class")
    expect(page.locator("#report-rows")).to_be_visible()


def test_summary_is_one_press_away_when_a_class_closes(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Closing 7d")
    page = window(TEACHER)
    open_class(page, room)
    room.act("state", state=2)
    expect(page.get_by_text("Ended, 1 present")).to_be_visible()
    expect(page.get_by_role("link", name="Show the summary")).to_have_count(0)
    room.act("leave", userUuid="teacher-1")
    page.get_by_role("link", name="Show the summary").click()
    expect(page.locator("#report-rows")).to_contain_text("Tara Teacher")
    expect(page.get_by_role("link", name="Close class")).to_be_visible()
    expect(page.get_by_role("link", name="Show the summary")).to_have_count(0)
    room.enter("teacher-1", "Tara Teacher", role=1)
    page.get_by_role("link", name="Show who is present").click()
    expect(page.get_by_role("table", name="People in the class now")).to_contain_text("Tara Teacher")
