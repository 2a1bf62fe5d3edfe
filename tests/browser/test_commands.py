"""Commands from outside the classroom, given where a person looks for them, and their effect at the cloud."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.simulator.world import groups as world_groups
from classroom_admin.simulator.world import views
from tests.browser.conftest import MakeClassroom, Opener
from tests.browser.page_parts import card, dialog, last_command, open_class, press, row_of
from tests.browser.school import ADMINISTRATOR, TEACHER, Classroom, eventually

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def fill_class(room: Classroom) -> None:
    """Let three students enter with camera and microphone; two of them raise a hand."""
    for user, name in (("ada", "Ada Ant"), ("ben", "Ben Bee"), ("cy", "Cy Cat")):
        room.enter(user, name, stream=True)
        stream = room.person(user)["streams"][0]["streamUuid"]
        room.act("stream", userUuid=user, streamUuid=stream, videoState=1, audioState=1)
    for user in ("ada", "ben"):
        room.act("wave", userUuid=user)


@pytest.fixture
def taught(
    window: Opener, classroom: MakeClassroom, request: pytest.FixtureRequest
) -> tuple[Page, Classroom]:
    """Return the page of a running class, and the class."""
    room = classroom(f"Commanded {request.node.name[5:40]}")
    fill_class(room)
    page = window(TEACHER, viewport=WIDE)
    open_class(page, room)
    expect(row_of(page, "Cy Cat")).to_be_visible()
    expect(page.locator('html[data-live="stream"]')).to_be_attached()
    return page, room


def in_world(simulator: RunningSimulator, room: Classroom, act: Callable[[Any, Any], object]) -> None:
    simulator.do(lambda world: act(world, world.rooms[room.uuid]))


def told(page: Page, words: str) -> None:
    """Wait until the head says that the cloud accepted or confirmed the last command."""
    expect(last_command(page)).to_contain_text(re.compile(rf"{words}.*(Accepted|Confirmed)", re.S))


def audio(room: Classroom, user: str) -> int:
    return int(room.person(user)["streams"][0]["audioState"])


def test_buttons_and_keys_of_a_row(taught: tuple[Page, Classroom], simulator: RunningSimulator) -> None:
    page, room = taught
    row = row_of(page, "Ada Ant")
    row.get_by_role("button", name="Mute Ada Ant", exact=True).click()
    eventually(lambda: audio(room, "ada") == 0)
    expect(row.get_by_role("button", name="Mute Ada Ant", exact=True)).to_have_count(0)
    expect(page.locator("#toast")).to_contain_text("Confirmed")
    row.get_by_role("button", name="Turn off Ada Ant’s camera").click()
    eventually(lambda: room.person("ada")["streams"][0]["videoState"] == 0)
    row.get_by_role("button", name="Mute Ada Ant in chat").click()
    row.get_by_role("button", name="Unmute Ada Ant in chat").click()
    expect(row.get_by_role("button", name="Mute Ada Ant in chat")).to_be_visible()
    row.get_by_role("button", name="Lower Ada Ant’s hand").click()
    eventually(lambda: "ada" not in room.truth()["hands"])
    row.get_by_role("button", name="Bring Ada Ant on stage").click()
    row.get_by_role("button", name="Take Ada Ant off the stage").click()
    expect(row.get_by_role("button", name="Bring Ada Ant on stage")).to_be_visible()

    ben = row_of(page, "Ben Bee")
    ben.locator(".who").focus()
    for key, done in (
        ("m", lambda: audio(room, "ben") == 0),
        ("c", lambda: room.person("ben")["streams"][0]["videoState"] == 0),
        ("h", lambda: "ben" not in room.truth()["hands"]),
        ("s", lambda: "ben" in room.truth()["stage"]),
        ("t", lambda: room.person("ben")["muteChat"]),
    ):
        ben.locator(".who").focus()
        page.keyboard.press(key)
        eventually(done)
    expect(ben.get_by_role("button", name="Take Ben Bee off the stage")).to_be_visible()
    page.keyboard.press("o")
    expect(dialog(page)).to_contain_text("Unmute")
    page.keyboard.press("Escape")
    in_world(simulator, room, lambda world, it: views.share_screen(world, it, it.users["cy"], operator=None))
    row_of(page, "Cy Cat").get_by_role("button", name="Stop Cy Cat’s screen sharing").click()
    eventually(lambda: not room.truth()["screen"].get("state"))


def test_dialog_of_a_person(taught: tuple[Page, Classroom], simulator: RunningSimulator) -> None:
    page, room = taught
    rows = [{"groupUuid": "g1", "groupName": "Red", "users": []}]
    in_world(simulator, room, lambda world, it: world_groups.open_groups(world, it, rows, operator=None))
    expect(page.locator("#count-groups")).to_contain_text("1")
    more = row_of(page, "Cy Cat").get_by_role("link", name="More for Cy Cat")

    def ask(name: str) -> Locator:
        more.click()
        dialog(page).get_by_role("link", name=name, exact=True).click()
        expect(dialog(page).locator("#dialog-title")).not_to_have_text("Cy Cat")
        return dialog(page)

    more.click()
    dialog(page).get_by_role("button", name="Mute", exact=True).click()
    expect(dialog(page)).to_be_hidden()
    eventually(lambda: audio(room, "cy") == 0)
    asks = ask("Reward…")
    asks.get_by_label("Number of rewards").fill("2")
    asks.get_by_role("button", name="Give reward").click()
    expect(row_of(page, "Cy Cat")).to_contain_text("Rewards: 2")
    asks = ask("Message…")
    asks.get_by_role("button", name="Send message").click()
    expect(asks.get_by_role("alert")).to_contain_text("Nothing was sent")
    asks.get_by_label("Text").fill("Please come to the board")
    asks.get_by_role("button", name="Send message").click()
    told(page, "Send message: ")
    asks = ask("Move…")
    asks.get_by_label("Red").check()
    asks.get_by_role("button", name="Move").click()
    eventually(lambda: room.truth()["groups"]["g1"]["users"])


def test_commands_for_the_class(taught: tuple[Page, Classroom]) -> None:
    page, room = taught
    press(page, "Mute all who are not on stage")
    eventually(lambda: not any(audio(room, user) for user in ("ada", "ben", "cy")))
    expect(page.locator("#people-here [name='mute']")).to_have_count(0)
    page.get_by_role("button", name="Mute all", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("no one in the class")
    page.keyboard.press("Escape")
    press(page, "Turn all cameras off")
    eventually(lambda: room.person("cy")["streams"][0]["videoState"] == 0)
    for place in ("#more-commands", "#chat-mute"):
        for words, muted in (("Mute chat", True), ("Unmute chat", False)):
            opens = place == "#more-commands"
            page.locator(".head-more").evaluate("(menu, opens) => { menu.open = opens; }", opens)
            if not opens:
                card(page, "Chat")
            page.locator(place).get_by_role("button", name=words, exact=True).click()
            eventually(lambda wanted=muted: bool(room.truth()["muteChat"]) is wanted)
            expect(page.locator("#chat-mute button")).to_have_attribute(
                "title", "Unmute chat" if muted else "Mute chat"
            )
    say = page.get_by_label("Message to everyone")
    say.fill("Open page 7")
    say.press("Enter")
    expect(page.locator("#chat-log")).to_contain_text("Open page 7")
    expect(say).to_have_value("")
    expect(say).to_be_focused()
    say.fill("Open page 8")
    page.locator("#say").get_by_role("button", name="Send").click()
    expect(page.locator("#chat-log")).to_contain_text("Open page 8")
    page.locator("#do-class-announce").click()
    dialog(page).get_by_label("Text").fill("Five minutes left")
    dialog(page).get_by_role("button", name="Announce").click()
    expect(page.locator("#chat-log")).to_contain_text("Five minutes left")


def test_several_people(taught: tuple[Page, Classroom]) -> None:
    page, room = taught
    press(page, "Several people…")
    asks = dialog(page)
    asks.get_by_role("button", name="Send command").click()
    expect(asks).to_contain_text("Select at least one person.")
    asks.get_by_label("Ada Ant").check()
    asks.get_by_label("Cy Cat").check()
    expect(asks.get_by_label("Number of rewards")).to_be_hidden()
    asks.get_by_label("Give a reward").check()
    asks.get_by_label("Number of rewards").fill("3")
    asks.get_by_role("button", name="Send command").click()
    expect(row_of(page, "Ada Ant")).to_contain_text("Rewards: 3")
    expect(row_of(page, "Cy Cat")).to_contain_text("Rewards: 3")
    press(page, "Several people…")
    dialog(page).get_by_label("All students", exact=True).check()
    dialog(page).get_by_role("button", name="Send command").click()
    eventually(lambda: not any(audio(room, user) for user in ("ada", "ben", "cy")))


def test_raised_hands_and_the_stage(taught: tuple[Page, Classroom]) -> None:
    page, room = taught
    hands = card(page, "Raised hands")
    hands.get_by_role("button", name="Bring Ben Bee on stage").click()
    eventually(lambda: room.truth()["stage"] == ["ben"])
    hands.get_by_role("button", name="Clear the stage").click()
    eventually(lambda: not room.truth()["stage"])
    room.act("wave", userUuid="ben")
    expect(hands.get_by_role("button", name="Lower Ben Bee’s hand")).to_be_visible()
    hands.get_by_role("button", name="Lower Ada Ant’s hand").click()
    eventually(lambda: room.truth()["hands"] == ["ben"])
    hands.get_by_role("button", name="Lower all hands").click()
    eventually(lambda: not room.truth()["hands"])
    hands.get_by_role("button", name="Disable raising hands").click()
    eventually(lambda: not room.truth()["takesHands"])
    hands.get_by_role("button", name="Allow raising hands").click()
    eventually(lambda: room.truth()["takesHands"])


def test_quiz_poll_and_countdown(taught: tuple[Page, Classroom]) -> None:
    page, room = taught
    questions = card(page, "Quizzes and polls")
    questions.get_by_role("link", name="Quiz…").click()
    asks = dialog(page)
    asks.get_by_label("Choice 1", exact=True).fill("3 cm")
    asks.get_by_role("button", name="Start quiz").click()
    expect(asks).to_contain_text("Choose at least one correct answer")
    asks.get_by_label("Correct").nth(1).check()
    asks.get_by_role("button", name="Start quiz").click()
    expect(questions).to_contain_text("Running")
    assert room.truth()["quizzes"][0]["items"] == ["3 cm", "B", "C", "D"]
    questions.get_by_role("button", name="End").click()
    expect(questions).not_to_contain_text("Running")
    questions.get_by_role("link", name="Poll…").click()
    asks.get_by_role("button", name="Start poll").click()
    expect(questions).to_contain_text("Running")
    questions.get_by_role("button", name="End").click()
    expect(questions).not_to_contain_text("Running")
    questions.get_by_role("link", name="Countdown…").click()
    asks.get_by_label("Minutes").fill("2")
    asks.get_by_role("button", name="Start countdown").click()
    expect(page.locator("#countdown")).to_contain_text(re.compile(r"Countdown\s+1:5\d"))
    questions.get_by_role("button", name="Pause countdown").click()
    expect(page.locator("#countdown")).to_contain_text("Countdown paused")
    questions.get_by_role("button", name="Resume countdown").click()
    expect(questions.get_by_role("button", name="Pause countdown")).to_be_visible()
    questions.get_by_role("button", name="Stop countdown").click()
    expect(page.locator("#countdown")).not_to_contain_text("Countdown")


def test_tools_of_the_classroom(taught: tuple[Page, Classroom], simulator: RunningSimulator) -> None:
    page, room = taught
    for start in (views.set_carousel, views.set_expanded_scope):
        in_world(
            simulator, room, lambda world, it, start=start: start(world, it, {"state": 1}, operator=None)
        )
    tools = card(page, "Files")

    def widget(name: str) -> int:
        return int(room.truth()["widgets"].get(name, {}).get("state", 0))

    for words, name, state in (
        ("Turn whiteboard off", "netlessBoard", 0),
        ("Turn whiteboard on", "netlessBoard", 1),
        ("Turn chat off", "easemobIM", 0),
        ("Turn chat on", "easemobIM", 1),
        ("Turn timer on", "countdownTimer", 1),
        ("Turn timer off", "countdownTimer", 0),
    ):
        tools.get_by_role("button", name=words).click()
        eventually(lambda of=name, wanted=state: widget(of) == wanted)
    tools.get_by_role("button", name="Stop stage rotation").click()
    eventually(lambda: room.truth()["carousel"]["state"] == 0)
    tools.get_by_role("button", name="Turn off video wall").click()
    eventually(lambda: room.truth()["expandedScope"]["state"] == 0)
    expect(tools.get_by_role("button", name="Turn off video wall")).to_have_count(0)


def test_breakout_rooms_one_by_one(taught: tuple[Page, Classroom], simulator: RunningSimulator) -> None:
    page, room = taught
    rows = [
        {"groupUuid": "g1", "groupName": "Red", "users": [{"userUuid": "ada"}]},
        {"groupUuid": "g2", "groupName": "Blue", "users": []},
    ]
    in_world(simulator, room, lambda world, it: world_groups.open_groups(world, it, rows, operator=None))
    panel = card(page, "Breakout rooms")
    panel.get_by_role("link", name="Move a person…").click()
    dialog(page).get_by_label("Person").select_option(label="Ben Bee")
    dialog(page).get_by_label("Blue").check()
    dialog(page).get_by_role("button", name="Move").click()
    expect(panel.get_by_role("listitem").filter(has_text="Blue")).to_contain_text("Ben Bee")
    panel.get_by_role("link", name="Rename… Blue").click()
    dialog(page).get_by_label("Name").fill("Green")
    dialog(page).get_by_role("button", name="Rename").click()
    expect(panel).to_contain_text("Green")
    panel.get_by_role("link", name="Close… Red").click()
    dialog(page).get_by_role("button", name="Close the room").click()
    expect(panel).not_to_contain_text("Red")
    assert set(room.truth()["groups"]) == {"g2"}


def test_command_that_the_project_does_not_offer(
    taught: tuple[Page, Classroom], window: Opener, simulator: RunningSimulator
) -> None:
    page, _room = taught
    simulator.fault("not_offered", route="allow_hands", params={"status": 404})
    hands = card(page, "Raised hands")
    hands.get_by_role("button", name="Disable raising hands").click()
    expect(last_command(page)).to_contain_text("This cloud project does not offer this")
    expect(hands.get_by_role("img", name=re.compile("Disable raising hands: This cloud"))).to_be_visible()
    simulator.clear_faults()
    settings = window(ADMINISTRATOR)
    settings.goto("/settings/")
    row = settings.locator("#capability-open_hands")
    expect(row).to_contain_text("Not offered")
    row.get_by_role("button", name=re.compile("^Test again")).click()
    expect(row).to_contain_text("Offered")
    expect(row).not_to_contain_text("Not offered")
    page.reload()
    expect(hands.get_by_role("button", name="Disable raising hands")).to_be_visible()


def test_announce_to_classes_and_mute_them(window: Opener, classroom: MakeClassroom) -> None:
    rooms = [classroom("Told 1a"), classroom("Told 1b")]
    fill_class(rooms[0])
    page = window(TEACHER, viewport=WIDE)
    page.goto("/?q=Told")
    for room in rooms:
        expect(page.get_by_role("link", name=room.name, exact=True)).to_be_visible()
    page.get_by_role("button", name="Select…").click()
    page.get_by_label("Select Told 1a").check()
    page.get_by_role("button", name="Announce…").click()
    page.get_by_role("button", name="Announce to 1 class").click()
    page.get_by_label("Text of the announcement").fill("Fire drill at ten")
    page.get_by_role("button", name="Announce to 1 class").click()
    eventually(lambda: "Fire drill at ten" in str(rooms[0].truth()))
    assert "Fire drill at ten" not in str(rooms[1].truth())
    page.goto("/?q=Told")
    page.get_by_role("button", name="Announce to all…").click()
    page.get_by_label("Text of the announcement").fill("School ends at noon")
    page.get_by_role("button", name=re.compile(r"^Announce to \d+ class")).click()
    for room in rooms:
        eventually(lambda of=room: "School ends at noon" in str(of.truth()))
    page.goto("/?q=Told")
    page.get_by_role("button", name="Select…").click()
    page.get_by_label("Select Told 1a").check()
    page.get_by_role("button", name="Mute students").click()
    page.get_by_role("button", name="Mute students in 1 class").click()
    eventually(lambda: not any(audio(rooms[0], user) for user in ("ada", "ben", "cy")))


def test_same_class_again(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Once more 4d")
    page = window(TEACHER, viewport=WIDE)
    open_class(page, room)
    room.act("state", state=2)
    expect(page.get_by_text("Ended, 1 present")).to_be_visible()
    press(page, "Same class again")
    expect(page.get_by_role("main").get_by_label("Name")).to_have_value("Once more 4d")
    page.go_back()
    room.act("state", state=3)
    expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    page.reload()
    page.locator("#same-again").click()
    expect(page.get_by_role("main").get_by_label("Name")).to_have_value("Once more 4d")


def test_commands_on_a_phone(window: Opener, classroom: MakeClassroom) -> None:
    room = classroom("Phone 9e")
    fill_class(room)
    page = window(TEACHER, viewport=PHONE, has_touch=True, is_mobile=True)
    open_class(page, room)
    row_of(page, "Ada Ant").get_by_role("button", name="Mute Ada Ant", exact=True).tap()
    eventually(lambda: audio(room, "ada") == 0)
    row_of(page, "Ada Ant").locator(".who").tap()
    dialog(page).get_by_role("button", name="Mute in chat").tap()
    eventually(lambda: room.person("ada")["muteChat"])
    page.get_by_role("button", name="Mute all", exact=True).tap()
    eventually(lambda: audio(room, "cy") == 0)
