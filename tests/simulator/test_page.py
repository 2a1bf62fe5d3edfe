"""The control page and the join page, in a real browser."""

import os
import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from classroom_admin.simulator.world import agora_chat
from tests.simulator.conftest import Api


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.fail("no chromium found: install Debian's chromium, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_context(viewport={"width": 1200, "height": 1000}).new_page()
        browser.close()


@pytest.fixture
def page(sim, browser_page) -> Iterator[Page]:
    problems: list[str] = []
    browser_page.on("pageerror", lambda error: problems.append(str(error)))
    browser_page.goto(f"{sim.base_url}/_sim/")
    yield browser_page
    assert problems == []


def test_rooms_are_shown_and_controlled(sim, page):
    sim.make_room("r", roomName="<b>Physics</b>", state=1)
    row = page.get_by_role("row", name="<b>Physics</b>")
    expect(row).to_contain_text("running")
    row.get_by_role("button", name="Add a student").click()
    expect(row.get_by_role("cell").nth(2)).to_have_text("1")
    page.get_by_role("heading", name="Simulated cloud").click()
    row.get_by_role("button", name="End").click()
    expect(row).to_contain_text("ended")
    assert sim.control("GET", "/rooms/r")["state"] == 2


def test_faults_are_set_and_removed(sim, page):
    page.get_by_role("button", name="429 for 30 s").click()
    shown = page.locator("#faults li")
    expect(shown).to_contain_text("too_many")
    page.get_by_label("Fault").select_option("delay")
    expect(page.locator("#does")).to_contain_text("delays the request")
    page.get_by_label("Calls").fill("kick")
    page.get_by_label("Settings (JSON)").fill('{"ms": 10}')
    page.get_by_role("button", name="Set fault").click()
    expect(shown).to_have_count(2)
    assert [fault["kind"] for fault in sim.control("GET", "/faults")["faults"]] == ["too_many", "delay"]
    shown.first.get_by_role("button", name="Remove").click()
    expect(shown).to_have_count(1)
    page.get_by_role("button", name="Remove all faults").click()
    expect(shown).to_have_count(0)


def test_unknown_setting_shows_an_error(page):
    page.get_by_label("Settings (JSON)").fill('{"years": 1}')
    page.get_by_role("button", name="Set fault").click()
    expect(page.get_by_role("alert")).to_contain_text("params.years")


def test_the_clock_is_stepped(sim, page):
    before = sim.world.now
    page.get_by_role("button", name="Step 1 h").click()
    expect(page.locator("#clock")).to_contain_text("01:00:00 UTC, stopped")
    assert sim.world.now == before + 3_600_000


def test_every_preset_sets_a_fault(sim, page):
    for button in page.locator("#presets button").all():
        if "Unreachable" in button.inner_text():
            continue  # It stops the server of this page.
        button.click()
    expect(page.locator("#faults li")).to_have_count(page.locator("#presets button").count() - 1)
    expect(page.get_by_role("alert")).to_be_empty()


def test_visitor_takes_part_in_a_class(sim, room, page):
    def eve():
        users = sim.control("GET", "/rooms/class%201")["users"]
        return next((user for user in users if user["userUuid"] == "eve"), None)

    visitor = page.context.new_page()
    visitor.goto(f"{sim.base_url}/_sim/join?room=class%201&user=eve&name=%3Cb%3EEve&role=student")
    expect(visitor.get_by_role("heading", name="Class one")).to_be_visible()
    expect(visitor.locator("#people")).to_contain_text("<b>Eve")
    visitor.get_by_role("button", name="Raise hand").click()
    expect(visitor.get_by_role("button", name="Lower hand")).to_be_visible()
    assert eve()["handRaised"]
    visitor.get_by_label("Message").fill("hello")
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.locator("#chat")).to_contain_text("<b>Eve: hello")
    sim.room("class 1", "kick", userUuid="eve", duration=60)
    visitor.get_by_role("button", name="Enter again").click()
    expect(visitor.get_by_role("alert")).to_contain_text("may not enter")
    sim.step(60_000)
    visitor.get_by_role("button", name="Enter again").click()
    expect(visitor.get_by_role("button", name="Leave")).to_be_visible()
    visitor.close(run_before_unload=True)
    deadline = time.monotonic() + 10
    while eve()["online"]:
        assert time.monotonic() < deadline
    assert eve()["presence"][-1][2] == "dropped"


def test_visitor_sees_what_is_done_from_outside(sim, room, page):
    visitor = page.context.new_page()
    visitor.goto(f"{sim.base_url}/_sim/join?room=class%201&user=eve&name=Eve&role=student")
    devices, muted = visitor.locator("#devices"), visitor.locator("#muted")
    expect(devices).to_have_text("Microphone on, camera on.")
    published = [event["raw"] for event in sim.oracle(room="class 1")["events"] if event["cmd"] == 40]
    assert len(published) == 1, "no event tells that the visitor's camera is on"
    visitor.get_by_role("button", name="Turn camera off").click()
    expect(devices).to_have_text("Microphone on, camera off.")
    users = sim.control("GET", "/rooms/class%201")["users"]
    stream = next(user for user in users if user["userUuid"] == "eve")["streams"][0]["streamUuid"]
    office = Api(sim)
    office.put("/v1/rooms/{}/users/{}/streams/{}", room, "eve", stream, audioState=0)
    expect(devices).to_have_text("Microphone off, camera off.")
    visitor.get_by_role("button", name="Share screen").click()
    expect(devices).to_contain_text("screen shared")
    office.put("/v2/rooms/{}/users/{}/screen/0", room, "eve")
    expect(visitor.get_by_role("button", name="Share screen")).to_be_visible()
    office.put("/v2/rooms/{}/mute", room, muteChat=1)
    expect(muted).to_have_text("The chat of the class is muted.")
    office.put("/v2/rooms/{}/mute", room, muteChat=0)
    expect(muted).to_be_empty()
    office.post("/v2/rooms/{}/chat/messages", room, range=1, type="txt", msg="<i>Fire drill")
    expect(visitor.locator("#announcements")).to_have_text("<i>Fire drill")
    data = {"fromUser": {"userUuid": "office", "userName": "Office"}, "message": "Please come"}
    office.post("/v2/rooms/{}/users/{}/messages/peer", room, "eve", payload={"cmd": 1, "data": data})
    expect(visitor.locator("#messages")).to_have_text("Office: Please come")
    office.post("/v2/rooms/{}/processes/handsUp/acceptance", room, toUserUuid="eve")
    expect(devices).to_contain_text("on stage")
    visitor.close()


def test_visitor_of_a_class_with_agora_chat_sees_mutes_and_announcements(sim, page):
    sim.make_room("talk", state=1, agoraChat=True)
    visitor = page.context.new_page()
    visitor.goto(f"{sim.base_url}/_sim/join?room=talk&user=eve&name=Eve&role=student")
    expect(visitor.locator("#devices")).to_contain_text("Microphone on")
    chat_room = sim.world.agora_chat.rooms[sim.control("GET", "/rooms/talk")["agoraChat"]["chatRoomId"]]
    muted = visitor.locator("#muted")
    sim.do(lambda world: chat_room.muted_people.update({agora_chat.chat_user("eve"): agora_chat.FOREVER}))
    expect(muted).to_have_text("Your chat is muted.")
    sim.do(lambda world: setattr(chat_room, "muted", True))
    expect(muted).to_have_text("The chat of the class is muted.")
    sim.room("talk", "announce", message="<i>Fire drill")
    expect(visitor.locator("#announcements")).to_have_text("<i>Fire drill")
    visitor.close()


def test_dialect_and_switches_are_chosen(sim, page):
    page.get_by_label("Shapes of new events").select_option("sdk")
    page.get_by_label("Breakout rooms").select_option("1")
    page.get_by_label("Recorded pages").select_option("")
    with page.expect_response("**/health"):
        pass
    health = sim.control("GET", "/health")
    assert (health["dialect"], health["groupRooms"], health["pagesGetReady"]) == ("sdk", True, False)


def test_link_without_a_name_asks_for_the_name(sim, room, page):
    visitor = page.context.new_page()
    visitor.goto(f"{sim.base_url}/_sim/join?room=class%201&user=&name=&role=2")
    visitor.get_by_label("Your name").fill("Faith")
    visitor.get_by_role("button", name="Enter the class").click()
    expect(visitor.locator("#people")).to_contain_text("Faith")
    assert sim.control("GET", "/rooms")["rooms"][0]["people"] == 4
    visitor.close()


def test_school_is_started_from_the_page(page, tmp_path):
    page.get_by_role("button", name="Start a school").click()
    expect(page.locator("#rooms tr")).to_have_count(8)
    page.get_by_role("button", name="Start a lesson of 12").click()
    expect(page.locator("#rooms tr")).to_have_count(9)
    page.screenshot(path=os.environ.get("SIMULATOR_SHOT", str(tmp_path / "page.png")))
