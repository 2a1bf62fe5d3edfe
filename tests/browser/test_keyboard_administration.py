"""Scheduling, class lists, people, settings and the own account with the keyboard alone."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener, sign_in
from tests.browser.keys import Keys
from tests.browser.page_parts import dialog
from tests.browser.school import ADMINISTRATOR, MEMBER, TEACHER


def made(simulator: RunningSimulator, name: str) -> list[dict[str, object]]:
    return [room for room in simulator.oracle(events=0)["rooms"] if room["roomName"] == name]


def test_a_class_and_a_series(window: Opener, simulator: RunningSimulator) -> None:
    now = datetime.fromtimestamp(simulator.control("GET", "/clock")["nowMs"] / 1000, UTC)
    page = window(TEACHER, timezone_id="UTC")
    keys = Keys(page)
    page.goto("/")
    keys.follow("^New class$")
    expect(page.get_by_role("heading", name="New class")).to_be_visible()
    keys.write("^Name$", "Keys 3a")
    keys.write("^Duration", "1441")
    expect(page.get_by_text("A class must last from 1 minute to 24 hours")).to_be_visible()
    keys.holds("^Duration")
    keys.write("^Duration", "45")
    expect(page.get_by_text("A class must last from 1 minute to 24 hours")).to_have_count(0)
    keys.enter("^More settings$")
    keys.to("^(Small class|One to one|Lecture hall|.*)$")
    keys.follow("^Create class$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys 3a")
    assert len(made(simulator, "Keys 3a")) == 1

    page.goto("/")
    keys.follow("^Scheduled$")
    keys.follow("^New class$")
    expect(page.get_by_role("heading", name="New class")).to_be_visible()
    keys.write("^Name$", "Keys 3b")
    keys.moment("^Starts$", now.replace(hour=9, minute=30) + timedelta(days=8))
    keys.to("^Once$")
    keys.press("ArrowDown")
    keys.tick("^Mon$")
    keys.write("^Number of classes", "4")
    expect(page.get_by_role("list", name="Dates of the classes").get_by_role("listitem")).to_have_count(4)
    keys.holds("^Number of classes")
    keys.to("^Dates of the classes$")  # keys can scroll it
    keys.follow("^Create class$")
    expect(page.get_by_role("heading", name="0 of 4 created")).to_be_visible()
    assert made(simulator, "Keys 3b") == []
    keys.enter("^Cancel class.*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)")
    expect(page.get_by_role("heading", name="0 of 3 created")).to_be_visible()
    keys.holds("^Schedule again")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="0 of 4 created")).to_be_visible()
    keys.keeps()
    keys.enter("^Change classes$")
    expect(page.get_by_role("heading", name="Change classes")).to_be_visible()
    keys.write("^Duration", "20")
    expect(page.get_by_text("4 classes change")).to_be_visible()
    keys.follow("^Save$")
    expect(page.get_by_text("20 min")).to_be_visible()
    keys.enter("^Cancel remaining classes$")
    keys.enter("^Cancel classes$")
    expect(page.get_by_text("Cancelled", exact=True)).to_have_count(4)
    keys.keeps()


def test_a_class_list(window: Opener, classroom: MakeClassroom, tmp_path: Path) -> None:
    room = classroom("Keys 3c")
    room.enter("p1", "Anna Apple")
    people = tmp_path / "people.csv"
    people.write_text("name;id\nAnna Apple;p1\nBen Berry;p2\n")
    page = window(TEACHER)
    keys = Keys(page)
    page.goto("/")
    keys.follow("^Class lists$")
    keys.follow("^New list$")
    keys.write("^List name$", "Keys of 3c")
    keys.follow("^Create list$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys of 3c")
    keys.file(r"^File \(XLSX", people)
    keys.follow("^Upload file$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns")
    keys.choose("^B id", "User id")
    keys.follow("^Preview changes$")
    expect(page.get_by_role("region", name="Changes")).to_contain_text("Ben Berry")
    keys.follow("^Save changes$")
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("2 added")
    keys.open_class(room)
    keys.enter("^Class list$")
    expect(dialog(page)).to_be_visible()
    keys.choose("^Class list", "Keys of 3c")
    keys.enter("^Use this list$")
    expect(page.locator("#attendance-line")).to_contain_text("1 missing")
    expect(dialog(page)).to_be_hidden()
    keys.holds("^Class list$")
    keys.enter("Attendance$")
    shown = page.get_by_role("region", name="Attendance", exact=True)
    expect(shown.get_by_text("Ben Berry")).to_be_visible()
    room.enter("p2", "Ben Berry")
    expect(shown).to_contain_text("2 of 2 present")
    keys.keeps()


def test_people_and_settings(window: Opener, classroom: MakeClassroom) -> None:
    classroom("Keys 3d", teacher="keys-1", teacher_name="Kay Keys")
    page = window(ADMINISTRATOR)
    keys = Keys(page)
    page.goto("/")
    keys.follow("^People$")
    keys.follow("^Add a person$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add a person")
    keys.write("^Name$", "Kay Keys")
    keys.follow("^Add person$")
    expect(page.get_by_role("alert")).to_be_visible()
    keys.write("^Email address$", "kay@school.test")
    keys.choose("^Role$", "Teacher")
    keys.write("^Cloud user ids", "keys-1")
    keys.follow("^Add person$")
    expect(page.get_by_role("heading", name="Kay Keys was added")).to_be_visible()
    keys.enter("^Copy link$")
    expect(page.get_by_role("button", name=re.compile("^Copied|Ctrl"))).to_be_visible()
    keys.follow("^Done$")
    expect(page.get_by_role("link", name="Keys 3d")).to_be_visible()
    keys.write("^Name$", "Kay Keyes")
    keys.follow("^Save$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kay Keyes")
    keys.enter("^Deactivate account$")
    keys.follow("^Deactivate Kay Keyes$")
    expect(page.get_by_role("status").filter(has_text="deactivated")).to_be_visible()
    keys.follow("^Reactivate Kay Keyes$")
    expect(page.get_by_role("status").filter(has_text="can sign in again")).to_be_visible()

    keys.follow("^Settings$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    for _ in range(2):  # the button regains the focus
        keys.enter("^Test the connection$")
        expect(page.get_by_role("button", name="Test the connection")).to_be_enabled(timeout=45_000)
        expect(page.locator("#connection-report")).to_contain_text("No problems found.")
        keys.holds("^Test the connection$")


def test_own_language_time_zone_calendar_and_sign_out(window: Opener) -> None:
    page = window()
    sign_in(page, MEMBER)
    keys = Keys(page)
    keys.enter("^Your account$")
    keys.follow("^Your settings$")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your settings")
    keys.choose("^Language", "English")
    keys.choose("^Time zone", "Tokyo")
    keys.follow("^Save$")
    expect(page.get_by_role("main").get_by_role("status").first).to_have_text("Your settings were saved.")
    expect(page.locator("html")).to_have_attribute("data-zone", "Asia/Tokyo")
    keys.enter("^Your account$")
    keys.follow("^Español$")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    keys.enter("^Su cuenta$")
    keys.follow("^English$")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    keys.enter("^Your account$")
    keys.follow("^Calendar feed$")
    keys.follow("^Create my calendar address$")
    keys.enter("^Copy address$")
    expect(page.get_by_role("button", name=re.compile("^Copied|Ctrl"))).to_be_visible()
    keys.follow("^Turn off$")
    expect(page.get_by_role("button", name="Create my calendar address")).to_be_visible()
    keys.enter("^Your account$")
    keys.follow("^Sign out$")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
