"""Scheduled classes, breakout rooms, properties and the calendar feed: each button and its effect."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, card, keep_screenshot, last_command, open_class, press
from tests.browser.school import ADMINISTRATOR, OTHER_TEACHER, TEACHER, eventually

NARROW = {"width": 390, "height": 844}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def check_look(page: Page, name: str) -> None:
    """Assert that the page fits on a phone and on a very wide screen. Keep screenshots, light and dark."""
    before = page.viewport_size
    keep_screenshot(page, f"{name}-wide", full=True)
    for width in (2560, 360, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert_fits(page)
    page.emulate_media(color_scheme="dark")
    keep_screenshot(page, f"{name}-phone-dark", full=True)
    page.emulate_media(color_scheme=None)
    page.set_viewport_size(before)


def in_days(simulator: RunningSimulator, days: int) -> str:
    """Return the time in this many days and an hour, so that nothing depends on the time of day."""
    now = datetime.fromtimestamp(simulator.control("GET", "/clock")["nowMs"] / 1000, UTC)
    return (now + timedelta(days=days, hours=1)).strftime("%Y-%m-%dT%H:%M")


def rooms(simulator: RunningSimulator, name: str) -> list[dict[str, Any]]:
    return [room for room in simulator.oracle(events=0)["rooms"] if room["roomName"] == name]


def fill_in_series(page: Page, simulator: RunningSimulator, name: str, *, first: int, times: int) -> None:
    """Fill in a series on every day of the week."""
    page.goto("/classes/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Starts").fill(in_days(simulator, first))
    page.get_by_label("A series").check()
    for day in WEEKDAYS:
        page.get_by_label(day, exact=True).check()
    page.get_by_label("Number of classes").fill(str(times))
    dates = page.get_by_role("list", name="Dates of the classes")
    expect(dates.get_by_role("listitem")).to_have_count(times)


def test_a_series_is_created_and_failed_classes_are_retried(
    window: Opener, simulator: RunningSimulator
) -> None:
    page = window(TEACHER)
    fill_in_series(page, simulator, "Series 7a", first=1, times=3)
    page.get_by_label("Duration (minutes)", exact=True).fill("1441")
    expect(page.get_by_text("A class must last from 1 minute to 24 hours")).to_be_visible()
    expect(page.get_by_label("Duration (minutes)", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Duration (minutes)", exact=True).fill("45")
    expect(page.get_by_text("A class must last from 1 minute to 24 hours")).to_have_count(0)
    expect(page.get_by_label("Duration (minutes)", exact=True)).not_to_have_attribute("aria-invalid", "true")
    dates = page.get_by_role("list", name="Dates of the classes")
    expect(dates.get_by_role("listitem")).to_have_count(3)
    expect(dates).to_contain_text(page.get_by_label("Starts").input_value()[-5:])
    page.get_by_text("More settings").click()
    page.get_by_label("Maximum: Students").fill("-3")
    expect(page.get_by_text("Must be -1 or more")).to_be_visible()
    page.get_by_label("Maximum: Students").fill("25")
    page.get_by_label("Camera and microphone when people join: Students").select_option(label="Microphone on")
    page.get_by_label("Whiteboard").select_option(label="On")
    page.get_by_label("Custom properties (JSON)").fill('{"grade": }')
    expect(page.get_by_text(re.compile("Line 1, column 11"))).to_be_visible()
    page.get_by_label("Custom properties (JSON)").fill('{"grade": 7}')
    expect(page.get_by_text(re.compile("Line 1, column"))).to_have_count(0)
    check_look(page, "plan-create")
    assert rooms(simulator, "Series 7a") == []

    simulator.fault("server_error", route="create_room", count=1)
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Series 7a")
    expect(page.get_by_role("heading", name="2 of 3 created")).to_be_visible()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(1)
    check_look(page, "plan")
    page.reload()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Retry failed classes").click()
    expect(page.get_by_role("heading", name="3 of 3 created")).to_be_visible()
    made = rooms(simulator, "Series 7a")
    assert len(made) == 3
    truth = simulator.do(lambda world: [room for room in world.rooms.values() if room.name == "Series 7a"])
    for room in truth:
        assert room.schedule.duration_s == 2700
        assert room.role_config["2"] == {
            "limit": 25,
            "defaultStream": {"state": 1, "videoState": 0, "audioState": 1},
        }
        assert room.widgets == {"netlessBoard": {"state": 1}}
        assert room.properties == {"grade": 7}
    assert len({room.schedule.start_ms for room in truth}) == 3
    page.locator(".planned a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Series 7a")
    other = window(OTHER_TEACHER)
    other.goto("/plans/")
    expect(other.get_by_text("Series 7a")).to_have_count(0)


def test_later_classes_wait_and_can_be_cancelled(window: Opener, simulator: RunningSimulator) -> None:
    page = window(ADMINISTRATOR)
    # at the current time of day, so that the same classes are due whenever the test runs
    fill_in_series(page, simulator, "Far 9d", first=3, times=5)
    page.get_by_label("Assigned teacher").select_option(label="Tara Teacher")
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", name="1 of 5 created")).to_be_visible()
    expect(page.get_by_text("Scheduled", exact=True)).to_have_count(4)
    expect(page.get_by_text("five days")).to_be_visible()
    assert len(rooms(simulator, "Far 9d")) == 1
    page.get_by_role("link", name=re.compile("^Change class ")).nth(1).click()
    page.get_by_label("This and following classes").check()
    page.get_by_label("Duration (minutes)", exact=True).fill("20")
    changes = page.get_by_role("list", name="What changes")
    expect(changes.get_by_role("listitem")).to_have_count(4)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".planned").get_by_text("20 min")).to_have_count(4)
    page.get_by_role("button", name=re.compile("^Cancel class")).first.click()
    expect(page.get_by_role("heading", name="1 of 4 created")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Schedule again")).click()
    expect(page.get_by_role("heading", name="1 of 5 created")).to_be_visible()
    page.get_by_text("Cancel remaining classes").click()
    page.get_by_role("button", name="Cancel classes").click()
    expect(page.get_by_role("heading", name="1 of 1 created")).to_be_visible()
    assert len(rooms(simulator, "Far 9d")) == 1
    teacher_page = window(TEACHER)
    teacher_page.goto("/")
    press(teacher_page, "Scheduled")
    expect(teacher_page.get_by_role("link", name="Far 9d")).to_be_visible()
    check_look(teacher_page, "plans")
    teacher_page.goto("/?q=Far+9d")
    expect(teacher_page.get_by_role("link", name="Far 9d")).to_be_visible()


def test_the_whole_series_is_changed_after_a_preview(window: Opener, simulator: RunningSimulator) -> None:
    page = window(ADMINISTRATOR)
    fill_in_series(page, simulator, "Change 9e", first=2, times=4)
    page.get_by_label("Assigned teacher").select_option(label="Tara Teacher")
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", name=re.compile("[12] of 4 created"))).to_be_visible()
    page.get_by_role("link", name="Change classes").click()
    expect(page.get_by_text("No class changes")).to_be_visible()
    page.get_by_label("Starts at").fill("23:55")
    changes = page.get_by_role("list", name="What changes")
    expect(changes.get_by_text("Created again").first).to_be_visible()
    expect(changes.get_by_role("listitem")).to_have_count(4)
    expect(changes.get_by_text("23:55")).to_have_count(4)
    check_look(page, "change-series")
    page.get_by_label("End date").fill("2001-01-01")
    expect(page.get_by_text("The series can't end before this class.")).to_be_visible()
    page.get_by_label("End date").fill((datetime.fromisoformat(in_days(simulator, 3))).strftime("%Y-%m-%d"))
    expect(changes.get_by_text("Cancelled").first).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="The series was changed.")).to_be_visible()
    expect(page.locator(".planned time").filter(has_text="23:55")).to_have_count(2)
    eventually(lambda: sum(room["state"] != 3 for room in rooms(simulator, "Change 9e")) == 2)


def test_early_start_offers_a_replacement(window: Opener, simulator: RunningSimulator) -> None:
    page = window(TEACHER)
    page.goto("/classes/new/")
    page.get_by_label("Name", exact=True).fill("Early 4c")
    page.get_by_label("Starts", exact=True).fill(in_days(simulator, 1))
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Early 4c")
    press(page, "Start class")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=re.compile(r"Start \d+ hours early\?"))).to_be_visible()
    check_look(page, "start-early")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert len(rooms(simulator, "Early 4c")) == 1
    press(page, "Start class")
    dialog.get_by_role("button", name="Start and schedule replacement").click()
    expect(page.get_by_role("button", name="Start class")).to_have_count(0)
    eventually(lambda: len(rooms(simulator, "Early 4c")) == 2)
    assert sorted(room["state"] for room in rooms(simulator, "Early 4c")) == [0, 1]


def test_a_similar_class_and_the_form_without_scripts(window: Opener, simulator: RunningSimulator) -> None:
    page = window(TEACHER, java_script_enabled=False, viewport=NARROW)
    page.goto("/classes/new/")
    page.get_by_label("Name", exact=True).fill("Plain 5a")
    page.get_by_label("Duration (minutes)", exact=True).fill("30")
    page.get_by_role("button", name="Create class").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plain 5a")
    page.goto(page.url + "details/")
    page.get_by_role("link", name="Create a similar class").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Plain 5a")
    expect(page.get_by_label("Duration (minutes)", exact=True)).to_have_value("30")
    page.get_by_label("A series").check()
    page.get_by_label("Starts").fill(in_days(simulator, 20))
    page.get_by_label("Number of classes").fill("2")
    page.get_by_role("button", name="Show dates").click()
    expect(page.get_by_role("list", name="Dates of the classes").get_by_role("listitem")).to_have_count(2)
    assert_fits(page)


def test_breakout_rooms_by_keyboard_and_by_dragging(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Breakout 6c")
    for number, name in enumerate(("Ada Ant", "Bob Bee", "Cleo Cat", "Dan Dog")):
        room.enter(f"b{number}", name)
    page = window(TEACHER)
    open_class(page, room)
    panel = card(page, "Breakout rooms")
    expect(panel).to_contain_text("No breakout rooms.")
    panel.get_by_role("link", name="Create breakout rooms").click()
    free = card(page, re.compile("^In the class"))
    expect(free.get_by_role("checkbox")).to_have_count(4)
    expect(page.get_by_role("main")).to_contain_text("No rooms yet")
    for count in (1, 2):
        page.get_by_role("button", name="Add room").click()
        expect(page.get_by_label("Name of room")).to_have_count(count)
        expect(page.get_by_role("button", name="Add room")).to_be_focused()
        expect(page.get_by_role("main")).not_to_contain_text("No rooms yet")
    # by keyboard: select two people, then press their room
    for name in ("Ada Ant", "Bob Bee"):
        free.get_by_label(name).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Move here: Group 2").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="2 people moved to Group 2.")).to_be_visible()
    expect(page.get_by_role("button", name="Move here: Group 2")).to_be_focused()
    second = card(page, "Group 2")
    expect(second.get_by_role("checkbox")).to_have_count(2)
    # by dragging
    free.get_by_text("Cleo Cat").drag_to(card(page, "Group 1"))
    expect(card(page, "Group 1").get_by_text("Cleo Cat")).to_be_visible()
    page.get_by_label("Name of room 1").fill("Owls")
    second.get_by_label("Bob Bee").check()
    free.get_by_role("button", name="Move here").click()
    expect(free.get_by_label("Bob Bee")).to_be_visible()
    check_look(page, "groups")
    assert room.truth()["groups"] == {}
    page.get_by_role("button", name="Open breakout rooms").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Breakout 6c")
    expect(last_command(page)).to_contain_text(re.compile("breakout rooms", re.IGNORECASE))
    expect(panel).to_contain_text(re.compile(r"Group 2.*Ada Ant.*Owls.*Cleo Cat", re.S))
    opened = {group["groupName"]: group["users"] for group in room.truth()["groups"].values()}
    assert opened == {"Owls": [{"userUuid": "b2"}], "Group 2": [{"userUuid": "b0"}]}

    panel.get_by_role("link", name="Change").click()
    page.get_by_role("button", name="Remove Group 2").click()
    expect(page.get_by_label("Name of room")).to_have_count(1)
    page.get_by_role("button", name="Send changes").click()
    expect(panel).not_to_contain_text("Group 2")
    assert [group["groupName"] for group in room.truth()["groups"].values()] == ["Owls"]
    panel.get_by_role("link", name="Change").click()
    page.get_by_label("Distribute students into").fill("2")
    page.get_by_role("button", name="Distribute").click()
    expect(page.get_by_text("Everyone is in a breakout room.")).to_be_visible()
    page.get_by_role("button", name="Close all breakout rooms").click()
    expect(panel).to_contain_text("No breakout rooms.")
    assert room.truth()["groups"] == {}


def test_properties_are_compared_before_they_are_sent(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Properties 8b")
    room.enter("p1", "Pia Student")
    page = window(TEACHER)
    open_class(page, room)
    card(page, "Details")
    page.get_by_role("link", name="Properties").click()
    text = page.get_by_label("Properties", exact=True)
    expect(text).to_have_value("{}")
    text.fill('{\n  "colour": "blue",\n}')
    expect(page.get_by_text(re.compile("Line [23], column"))).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Send")).to_have_count(0)
    text.fill('{"colour": "blue", "seats": [1, 2]}')
    expect(page.get_by_text("Valid, 31 bytes")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="2 differences")).to_be_visible()
    assert room.truth()["properties"] == {}
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Set properties of the class")).to_be_visible()
    eventually(lambda: room.truth()["properties"] == {"colour": "blue", "seats": [1, 2]})
    text.fill('{"seats": [1, 3]}')
    page.get_by_role("button", name="Compare").click()
    compared = page.get_by_role("region", name="2 differences")
    expect(compared).to_contain_text(re.compile(r"Deleted\s+colour"))
    expect(compared).to_contain_text(re.compile(r"Changed\s+seats\[1\]"))
    check_look(page, "properties")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Delete class properties")).to_be_visible()
    assert room.truth()["properties"] == {"seats": [1, 3]}

    def history() -> str:
        page.reload()
        return card(page, "History").inner_text()

    eventually(lambda: history().count("confirmed") == 3)
    assert "Tara Teacher" in history()

    page.get_by_role("link", name="A person").click()
    page.get_by_label("Person", exact=True).select_option(label="Pia Student")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Properties", exact=True).fill('{"seat": 4}')
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Set properties")).to_be_visible()
    assert room.person("p1")["properties"] == {"seat": 4}
    page.get_by_role("link", name="An extension").click()
    page.get_by_label("Name of the extension").fill("countdown")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Properties", exact=True).fill(json.dumps({"seconds": 30}))
    page.get_by_label("State of the extension").select_option(label="Turn on")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="extension")).to_be_visible()
    eventually(lambda: room.truth()["extApps"].get("countdown") == {"seconds": 30})


def test_own_calendar_feed(window: Opener, classroom: MakeClassroom) -> None:
    classroom("Calendar 3b")
    page = window(TEACHER)
    page.goto("/")
    page.get_by_label("Your account").click()
    page.get_by_role("link", name="Calendar feed").click()
    page.get_by_role("button", name="Create my calendar address").click()
    address = page.get_by_label("Your address").input_value()
    signed_out = window()

    def summary(where: str) -> str:
        answer = signed_out.request.get(where)
        return answer.text() if answer.status == 200 else str(answer.status)

    assert address.endswith(".ics")
    eventually(lambda: "SUMMARY:Calendar 3b" in summary(address))
    page.get_by_role("button", name="Copy address").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    check_look(page, "calendar")
    page.get_by_role("button", name="Create new address").click()
    expect(page.get_by_role("status").filter(has_text="ready")).to_be_visible()
    fresh = page.get_by_label("Your address").input_value()
    assert (summary(address), fresh != address) == ("404", True)
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Create my calendar address")).to_be_visible()
    assert summary(fresh) == "404"
    page.get_by_role("button", name="Create my calendar address").click()
    latest = page.get_by_label("Your address").input_value()
    into_app = page.get_by_role("link", name="Open in calendar app")
    assert into_app.get_attribute("href") == latest.replace("http:", "webcal:")
    into_app.click()  # no calendar app is installed: the page stays
    expect(page.get_by_label("Your address")).to_have_value(latest)
