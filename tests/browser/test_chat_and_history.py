"""Chat, quizzes and polls, filtered events, and the replay."""

import json
import re
import time
import urllib.request

from playwright.sync_api import Page, expect

from classroom_admin.sync.webhook import signature
from tests.browser.conftest import RELAY_SECRET, Dashboard, MakeClassroom, Opener
from tests.browser.page_parts import assert_fits, card, dialog, keep_screenshot, open_class, roster
from tests.browser.school import TEACHER, Classroom, eventually


def relay(dashboard: Dashboard, items: list) -> dict:
    """Send events to the webhook, as a school's relay does."""
    body, stamp = json.dumps(items).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Relay-Timestamp": stamp,
        "X-Relay-Signature": signature(secret=RELAY_SECRET, timestamp=stamp, body=body),
    }
    request = urllib.request.Request(f"{dashboard.url}/api/notifications/", body, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.load(answer)


def class_with_chat(classroom: MakeClassroom, name: str) -> Classroom:
    room = classroom(name)
    for user_uuid, person in (("zoe", "Zoë Brandt"), ("amir", "Amir Haddad"), ("lena", "Lena Fischer")):
        room.enter(user_uuid, person)
    room.act("chat", userUuid="teacher-1", message="Who can tell me the longest side?")
    room.act("chat", userUuid="zoe", message="The hypotenuse")
    return room


def test_messages_of_every_type_their_search_and_who_was_present(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = class_with_chat(classroom, "Talk 5a")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Chat")
    log = page.get_by_role("log", name="Chat")
    expect(log.get_by_role("listitem")).to_have_count(2)

    first = room.act("peer", userUuid="zoe", toUserUuid="amir", message="Which page?")["relay"]
    assert relay(dashboard, [first]) == {"stored": 1, "duplicates": 0}
    part.get_by_role("radio", name="Direct messages").check()
    expect(log.get_by_role("listitem")).to_have_count(1)
    expect(log).to_contain_text(re.compile(r"Zoë Brandt\s*to\s*Amir Haddad"))
    second = room.act("peer", userUuid="amir", toUserUuid="zoe", message="Page 2")["relay"]
    assert relay(dashboard, [first, second]) == {"stored": 1, "duplicates": 1}
    expect(log.get_by_role("listitem")).to_have_count(2)
    room.act("custom", userUuid="zoe", message='{"laps": 3}')
    part.get_by_role("radio", name="Direct messages").press("ArrowRight")
    expect(part.get_by_role("radio", name="To apps")).to_be_checked()
    expect(log).to_contain_text("laps")
    part.get_by_role("radio", name="To everyone").check()

    search = part.get_by_role("searchbox")
    search.fill("zoe hypo")
    expect(part.get_by_role("status")).to_have_text("1 message found")
    expect(part).to_contain_text("The hypotenuse")
    expect(log).to_be_hidden()
    search.fill("page")
    expect(part.get_by_role("status")).to_have_text("2 messages found")
    search.fill("")
    expect(log).to_be_visible()

    room.act("leave", userUuid="lena")
    expect(roster(page)).not_to_contain_text("Lena Fischer")
    room.act("chat", userUuid="zoe", message="Lena has gone")
    row = log.get_by_role("listitem").filter(has_text="Lena has gone")
    row.get_by_title("People present at this time").click()
    expect(dialog(page)).to_contain_text("3 people were in the class")
    expect(dialog(page).get_by_role("listitem").filter(has_text="Lena Fischer")).to_contain_text("left")
    keep_screenshot(page, "chat-present")
    page.keyboard.press("Escape")
    expect(row.get_by_title("People present at this time")).to_be_focused()
    keep_screenshot(page, "chat")


def test_new_rows_are_counted_for_a_person_who_has_scrolled_away(
    window: Opener, classroom: MakeClassroom
) -> None:
    room = class_with_chat(classroom, "Scrolled 5f")
    for number in range(40):
        room.act("chat", userUuid="zoe", message=f"Message number {number}")
    page = window(TEACHER, viewport={"width": 1440, "height": 900})
    open_class(page, room)
    last = page.locator("#chat-log > li").last
    expect(last).to_contain_text("Message number 39")
    expect(last).to_be_in_viewport()
    for panel, row in (("chat", "#chat-log"), ("events", "#event-log")):
        part = card(page, {"chat": "Chat", "events": "Events"}[panel])
        box, button = part.locator(".scroll"), page.locator(f"#{panel} > .newer")
        newest = page.locator(f"{row} > li:{'last' if panel == 'chat' else 'first'}-child")
        room.act("chat", userUuid="amir", message=f"Seen in {panel}")
        expect(newest).to_contain_text(f"Seen in {panel}")
        expect(newest).to_be_in_viewport()
        expect(button).to_be_hidden()
        away = -600 if panel == "chat" else 600
        assert box.evaluate("(box, top) => { box.scrollTop = top; return box.scrollTop; }", away) == away
        read = page.locator(f"#{page.locator(f'{row} > li').nth(20).get_attribute('id')}")
        before = read.bounding_box()
        for number in (1, 2):
            room.act("chat", userUuid="amir", message=f"Out of view {number}")
            expect(button).to_have_text(f"{number} new")
        after = read.bounding_box()
        assert before
        assert after
        assert abs(after["y"] - before["y"]) < 2  # the browser rounds
        keep_screenshot(page, f"newer-{panel}")
        button.click()
        expect(button).to_be_hidden()
        expect(newest).to_contain_text("Out of view 2")
        expect(newest).to_be_in_viewport()
        expect(box).to_be_focused()


def test_a_quiz_and_a_poll_update_with_each_answer(window: Opener, classroom: MakeClassroom) -> None:
    room = class_with_chat(classroom, "Questions 5b")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Quizzes and polls")
    expect(part).to_contain_text("No quizzes or polls yet")
    room.act("quiz", userUuid="teacher-1", items=["3", "4", "5"], correctItems=["5"])
    expect(part).to_contain_text("0 of 3 answered")
    expect(part).to_contain_text(re.compile("No answer yet:.*Zoë Brandt", re.S))
    room.act("answer", userUuid="zoe", selectedItems=["5"])
    room.act("answer", userUuid="amir", selectedItems=["4"])
    expect(part).to_contain_text("2 of 3 answered · 1 correct")
    expect(part.get_by_role("meter", name="5")).to_have_attribute("value", "50.0")
    expect(card(page, "Events")).to_contain_text(
        re.compile("Amir Haddad.? answered the quiz: .?4.? \\(incorrect\\)")
    )
    keep_screenshot(page, "quizzes")

    part.get_by_role("link", name=re.compile("All answers")).click()
    answers = page.get_by_role("table")
    expect(answers.get_by_role("row").filter(has_text="Zoë Brandt")).to_contain_text("Correct")
    expect(answers.get_by_role("row").filter(has_text="Amir Haddad")).to_contain_text("Incorrect")
    expect(card(page, "Not answered yet")).to_contain_text("Lena Fischer")
    room.act("answer", userUuid="lena", selectedItems=["5"])
    expect(answers.get_by_role("row").filter(has_text="Lena Fischer")).to_contain_text(
        re.compile(r"Correct.*\d+ (s|min)", re.S)
    )
    room.act("quiz", stop=True)
    expect(card(page, "Did not answer")).to_contain_text("All students who were present have answered")
    keep_screenshot(page, "quiz", full=True)
    assert_fits(page)

    page.get_by_role("link", name=room.name).click()
    room.act("poll", userUuid="teacher-1", pollItems=["Yes", "No"])
    room.act("answer", userUuid="zoe", selectIndex=[0])
    expect(part.get_by_role("meter", name="Yes")).to_have_attribute("value", "100.0")
    expect(part.get_by_role("listitem").first).to_contain_text("Poll")
    expect(part.get_by_role("listitem")).to_have_count(2)


def test_events_by_type_and_by_person(window: Opener, classroom: MakeClassroom) -> None:
    room = class_with_chat(classroom, "Events 5c")
    page = window(TEACHER)
    open_class(page, room)
    part = card(page, "Events")
    part.get_by_label("Type of event").select_option("Raised hands")
    expect(part.get_by_role("status")).to_contain_text("No matching events yet")
    room.act("wave", userUuid="amir")
    expect(part.get_by_role("listitem")).to_have_count(1)
    expect(part.get_by_role("listitem")).to_contain_text("Amir Haddad")
    room.act("wave", userUuid="zoe")
    expect(part.get_by_role("listitem")).to_have_count(2)
    part.get_by_label("Person", exact=True).fill("zoe")
    expect(part.get_by_role("listitem")).to_have_count(1)
    part.get_by_label("Type of event").select_option("All types")
    expect(part.get_by_role("listitem")).to_have_count(3)
    # a press takes time: leaving the field must not replace the link meanwhile
    with page.expect_response(re.compile(r"who=zoe(\+|%20)b")):
        part.get_by_label("Person", exact=True).press("End")
        part.get_by_label("Person", exact=True).press_sequentially(" b")
    expect(part.get_by_role("listitem")).to_have_count(3)
    part.get_by_role("link", name=re.compile("raised a hand")).click(delay=700)
    expect(dialog(page)).to_contain_text('"addProgressUsers"')
    page.keyboard.press("Escape")
    part.get_by_label("Person", exact=True).fill("")
    expect(part.get_by_role("link", name=re.compile("The class started"))).to_be_visible()

    part.get_by_role("link", name="All events").click()
    page.get_by_label("Type of event").select_option("Chat")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    keep_screenshot(page, "events")
    assert_fits(page)


def assert_present(page: Page, *names: str) -> None:
    expect(roster(page).get_by_role("rowheader")).to_have_count(len(names))
    for name in names:
        expect(roster(page)).to_contain_text(name)


def a_moment_later(room: Classroom) -> None:
    """Wait until the next millisecond of the cloud's clock."""

    def now() -> int:
        return int(room.simulator.control("GET", "/clock")["nowMs"])

    before = now()
    eventually(lambda: now() > before)


def test_replay_by_mouse_and_by_keys(window: Opener, classroom: MakeClassroom) -> None:
    room = class_with_chat(classroom, "Replay 5d")
    a_moment_later(room)
    room.act("wave", userUuid="zoe")
    page = window(TEACHER)
    open_class(page, room)
    expect(roster(page)).to_contain_text("Hand raised")  # so that the removal is a later moment
    room.act("kick", userUuid="amir")
    expect(roster(page)).not_to_contain_text("Amir Haddad")
    card(page, "Events").get_by_role("link", name="Replay").click()
    slider = page.get_by_role("slider", name="Time in the class")
    expect(slider).to_have_value("0")
    slider.press("End")
    assert_present(page, "Tara", "Zoë", "Lena")
    page.get_by_text("Notable moments").click()
    moments = card(page, "Replay").get_by_role("listitem")
    moments.filter(has_text="raised a hand").get_by_role("link").click()
    assert_present(page, "Tara", "Zoë", "Amir", "Lena")
    expect(roster(page)).to_contain_text("Hand raised")
    assert "at=" in page.url
    page.get_by_role("button", name="Next moment").click()
    assert_present(page, "Tara", "Zoë", "Lena")
    page.get_by_role("button", name="Previous moment").click()
    assert_present(page, "Tara", "Zoë", "Amir", "Lena")
    slider.focus()
    page.keyboard.press("Home")
    expect(roster(page)).not_to_contain_text("Zoë")  # the teacher may be present from the first moment
    page.keyboard.press("PageUp")
    assert_present(page, "Tara", "Zoë", "Lena")
    page.keyboard.press("Shift+ArrowLeft")
    expect(roster(page)).not_to_contain_text("Zoë")
    expect(slider).to_be_focused()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert_present(page, "Tara", "Zoë", "Lena")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(card(page, "Chat").get_by_role("log")).to_contain_text("The hypotenuse")
    keep_screenshot(page, "replay", full=True)
    assert_fits(page)

    # a moment that can't be loaded is not shown as loaded, and the next try works
    shown = int(page.locator("#replay-body").get_attribute("data-at") or 0)
    page.context.set_offline(True)
    slider.press("Home")
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_function(
        "(at) => Date.parse(document.querySelector('#replay-now time').dateTime) === at", arg=shown
    )
    assert_present(page, "Tara", "Zoë", "Lena")
    page.context.set_offline(False)
    slider.press("Home")
    expect(roster(page)).not_to_contain_text("Zoë")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_replay_has_the_panels_of_the_page_and_searches_a_long_roster_completely(
    window: Opener, classroom: MakeClassroom, dashboard: Dashboard
) -> None:
    room = class_with_chat(classroom, "Replay 5e")
    for number in range(150):
        room.enter(f"p{number}", f"Student {number:03}")
    room.act("record", state=1, mode="web")
    room.act("wave", userUuid="p149")
    eventually(lambda: len(dashboard.room(room.uuid)["participants"]) == 154, within_s=60)
    page = window(TEACHER)
    open_class(page, room)
    card(page, "Events").get_by_role("link", name="Replay").click()
    page.get_by_role("slider", name="Time in the class").press("End")
    expect(card(page, "Raised hands")).to_contain_text("Student 149")
    expect(card(page, "Breakout rooms")).to_contain_text("No breakout rooms.")
    expect(card(page, "Commands")).to_be_visible()
    bar = page.locator(".cover-recorded").first
    assert bar.evaluate("(piece) => getComputedStyle(piece).fill") != "rgb(0, 0, 0)"
    find = page.get_by_role("searchbox", name="Search people")
    rows = page.locator("#people-here > tr")
    expect(rows).to_have_count(48)
    page.locator("[data-rest]").scroll_into_view_if_needed()
    expect(rows).to_have_count(154)
    find.fill("Student 097")
    expect(roster(page).get_by_role("rowheader")).to_have_text(["Student 097"])
    page.get_by_role("button", name="Previous moment").click()
    expect(roster(page).get_by_role("rowheader")).to_have_text(["Student 097"])
    expect(rows).to_have_count(154)
    expect(card(page, "Raised hands")).to_contain_text("Student 149")  # the last moment is the raised hand
    page.get_by_role("button", name="Previous moment").click()
    expect(card(page, "Raised hands")).not_to_contain_text("Student 149")
