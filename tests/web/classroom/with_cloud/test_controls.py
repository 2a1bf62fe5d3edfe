"""The commands from outside the classroom, given on the page of a class to a cloud that really answers."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.actions import capabilities
from classroom_admin.actions.models import Capability
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.breakout_rooms import read
from classroom_admin.rooms.models import Participant, Quiz, Room
from classroom_admin.simulator.world import groups as world_groups
from classroom_admin.simulator.world import views
from classroom_admin.web.classroom import control_views
from classroom_admin.web.classroom.breakout_rooms import group_key
from classroom_admin.web.classroom.control_views import CLASS_FORMS, PERSON_FORMS
from classroom_admin.web.classroom.press_commands import CELLS, CLASS_COMMANDS, PERSON_COMMANDS
from tests.actions.classroom import STUDENTS, Lesson
from tests.actions.conftest import School, kinds
from tests.school import HTMX

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


class OnPage:
    """A teacher's presses on the page of the class."""

    def __init__(self, client: Client, school: School) -> None:
        self.client, self.room = client, school.room

    def address(self, name: str, *more: Any) -> str:
        return reverse(f"live:{name}", args=[self.room.key, *more])

    def who(self, user: str) -> Participant:
        return Participant.objects.get(room=self.room, user_uuid=user)

    def page(self) -> str:
        return html.unescape(self.client.get(self.address("class")).content.decode())

    def row(self, user: str) -> str:
        return self.page().partition(f'<tr id="p{self.who(user).pk}"')[2].partition("</tr>")[0]

    def press(self, name: str, user: str) -> str:
        answer = self.client.post(self.address("people_do"), {name: self.who(user).pk}, **HTMX)
        assert answer.status_code == 200
        return html.unescape(answer.content.decode())

    def do(self, name: str, sent: dict[str, Any] | None = None) -> Any:
        return self.client.post(self.address("command", name), sent or {}, **HTMX)

    def form(self, name: str, user: str, sent: dict[str, Any]) -> Any:
        return self.client.post(self.address("person_form", self.who(user).pk, name), sent, **HTMX)


@pytest.fixture
def teacher(client: Client, school: School, lesson: Lesson) -> OnPage:
    return OnPage(client, school)


def last() -> Entry:
    found = Entry.objects.order_by("-id").first()
    assert found is not None
    return found


# --- the roster ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("press", "before", "effect", "after"),
    [
        ("mute", "Mute Ada", lambda it: it.stream("ada")["audioState"] == 0, "mic-off"),
        ("camera_off", "Turn off Ada’s camera", lambda it: it.stream("ada")["videoState"] == 0, "video-off"),
        ("stage_on", "Bring Ada on stage", lambda it: "ada" in it.truth()["stage"], "Take Ada off the stage"),
        ("lower_hand", "Lower Ada’s hand", lambda it: "ada" not in it.truth()["hands"], "Bring Ada on stage"),
        ("mute_chat", "Mute Ada in chat", lambda it: it.person("ada")["muteChat"], "Unmute Ada in chat"),
    ],
)  # fmt: skip
def test_button_of_a_row_changes_the_class_and_then_the_row(
    teacher: OnPage, lesson: Lesson, press: str, before: str, effect: Any, after: str
) -> None:
    assert before in teacher.row("ada")
    answer = teacher.press(press, "ada")
    assert last().action == PERSON_COMMANDS[press].action
    assert effect(lesson), lesson.truth()
    assert f'<tr id="p{teacher.who("ada").pk}"' in answer, "the row shows that the command waits"
    assert 'aria-disabled="true"' in answer
    assert "csrf" not in answer.lower()
    lesson.sync()
    assert kinds(last())[-1] == "confirmed"
    row = teacher.row("ada")
    assert after in row
    assert 'aria-disabled="true"' not in row


def test_pressing_back_undoes_stage_and_chat(teacher: OnPage, lesson: Lesson) -> None:
    for press in ("stage_on", "mute_chat"):
        teacher.press(press, "ben")
    lesson.sync()
    for press in ("stage_off", "allow_chat"):
        teacher.press(press, "ben")
    assert "ben" not in lesson.truth()["stage"]
    assert not lesson.person("ben")["muteChat"]


def test_microphone_and_camera_are_turned_on_again_in_the_dialog_of_the_person(
    teacher: OnPage, lesson: Lesson
) -> None:
    teacher.press("mute", "ada")
    lesson.sync()
    person = teacher.address("person", teacher.who("ada").pk)
    dialog = teacher.client.get(person, **HTMX).content.decode()
    names = re.findall(r'name="(\w+)" value="\d+"', dialog)
    assert names == ["unmute", "camera_off", "stage_on", "lower_hand", "mute_chat"]
    teacher.press("unmute", "ada")
    assert lesson.stream("ada")["audioState"] == 1
    assert last().action == "participant.microphone_on"


def test_rows_of_teachers_and_of_absent_people_have_no_buttons(teacher: OnPage, lesson: Lesson) -> None:
    assert "hx-post" not in teacher.row("tess")
    lesson.do("leave", userUuid="cy")
    lesson.sync()
    assert "hx-post" not in teacher.row("cy")


def test_row_without_scripts_leads_to_a_page_that_asks_first(teacher: OnPage, lesson: Lesson) -> None:
    page = teacher.client.get(teacher.address("people_do"), {"mute": teacher.who("ada").pk})
    assert "csrfmiddlewaretoken" in page.content.decode()
    assert not Entry.objects.exists()
    sent = {"mute": teacher.who("ada").pk}
    answer = teacher.client.post(teacher.address("people_do"), sent, follow=True)
    assert answer.redirect_chain == [(teacher.address("class"), 302)]
    assert lesson.stream("ada")["audioState"] == 0


def test_unknown_command_and_wrong_person_get_404(teacher: OnPage) -> None:
    for sent in ({}, {"explode": 1}, {"mute": "x"}, {"mute": 10**17}):
        assert teacher.client.post(teacher.address("people_do"), sent, **HTMX).status_code == 404
    assert teacher.form("explode", "ada", {}).status_code == 404
    assert teacher.do("explode").status_code == 404


def test_refusal_before_the_cloud_is_called_is_shown_where_the_command_was_given(
    teacher: OnPage, lesson: Lesson
) -> None:
    teacher.press("lower_hand", "ada")
    lesson.sync()
    answer = teacher.press("lower_hand", "ada")
    refusal = answer.partition('id="refusal"')[2]
    assert 'role="alert"' in refusal
    inside = {"HTTP_HX_TARGET": "dialog-body", **HTMX}
    sent = {"lower_hand": teacher.who("ada").pk}
    dialog = teacher.client.post(teacher.address("people_do"), sent, **inside)
    assert "live:failed" in dialog["HX-Trigger"]
    place = re.search(r'<div id="(problem-[^"]+)" data-problem hx-swap-oob', dialog.content.decode())
    person = teacher.client.get(teacher.address("person", teacher.who("ada").pk), **HTMX).content.decode()
    assert place
    assert place.group(1) in person, "the dialog has the place in which the reason appears"


def test_each_person_command_has_a_column_that_waits() -> None:
    assert set(CELLS.values()) == {"mic", "cam", "stage", "hand", "chat"}


# --- what the cloud project does not offer ---------------------------------------------------------------


def test_command_that_the_project_does_not_offer_is_a_sign_with_the_reason(
    teacher: OnPage, lesson: Lesson
) -> None:
    lesson.sim.fault("not_offered", route="put_stream", params={"status": 404})
    for name in ("mute_person", "mute_many", "announce", "open_hands"):
        capabilities.remember(name, Capability.Offered.NO)
    page = teacher.page()
    row = teacher.row("ada")
    assert "Mute Ada" not in row.replace("Mute Ada in chat", "")
    assert "Microphone on" in row
    assert "Bring Ada on stage" in row
    assert 'id="do-class-mute-all"' not in page
    assert 'id="say"' not in page
    reasons = re.findall(r'class="unoffered">.*?<small>(.*?)</small>', page, re.S)
    assert len(reasons) == 4  # mute all, announce, mute all who are not on stage, turn all cameras off
    assert all(reason.startswith("This cloud project does not offer this") for reason in reasons)
    assert re.search(r'role="img" aria-label="Disable raising hands: This cloud project', page)
    refused = teacher.do("mute-all").content.decode()
    assert "This cloud project does not offer this" in refused


# --- the whole class -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("mute-all", lambda it: all(it.stream(one)["audioState"] == 0 for one in STUDENTS)),
        ("mute-off-stage", lambda it: it.stream("ben")["audioState"] == 0),
        ("cameras-off", lambda it: all(it.stream(one)["videoState"] == 0 for one in STUDENTS)),
        ("mute-chat", lambda it: it.truth()["muteChat"]),
        ("lower-hands", lambda it: not it.truth()["hands"]),
        ("close-hands", lambda it: not it.truth()["takesHands"]),
        ("whiteboard-off", lambda it: it.truth()["widgets"]["netlessBoard"]["state"] == 0),
        ("whiteboard-on", lambda it: it.truth()["widgets"]["netlessBoard"]["state"] == 1),
        ("chat-off", lambda it: it.truth()["widgets"]["easemobIM"]["state"] == 0),
        ("timer-on", lambda it: it.truth()["widgets"]["countdownTimer"]["state"] == 1),
    ],
)
def test_button_for_the_class_has_its_effect(teacher: OnPage, lesson: Lesson, name: str, effect: Any) -> None:
    asked = teacher.client.get(teacher.address("command", name)).content.decode()
    assert str(CLASS_COMMANDS[name].words) in html.unescape(asked)
    assert not Entry.objects.exists()
    assert teacher.do(name).status_code == 200
    assert last().action == CLASS_COMMANDS[name].action
    assert effect(lesson), lesson.truth()
    lesson.sync()
    assert kinds(last())[-1] in ("accepted", "confirmed")


def test_buttons_show_the_state_that_they_change(teacher: OnPage, lesson: Lesson) -> None:
    page = teacher.page()
    assert "Mute chat" in page
    assert "Disable raising hands" in page
    assert "Clear the stage" not in page, "no one is on stage"
    files = {"show": "files"}
    tools = teacher.client.get(teacher.address("class"), files, **HTMX).content.decode()
    assert "Turn whiteboard off" in tools
    assert "Stop stage rotation" not in tools
    lesson.sim.do(
        lambda world: views.set_carousel(world, world.rooms[lesson.room_uuid], {"state": 1}, operator=None)
    )
    for name in ("mute-chat", "close-hands", "whiteboard-off"):
        teacher.do(name)
    teacher.press("stage_on", "ada")
    lesson.sync()
    page = teacher.page()
    assert "Unmute chat" in page
    assert "Allow raising hands" in page
    assert "Clear the stage" in page
    tools = teacher.client.get(teacher.address("class"), files, **HTMX).content.decode()
    assert "Turn whiteboard on" in tools
    assert "Stop stage rotation" in tools
    teacher.do("clear-stage")
    teacher.do("stop-carousel")
    assert not lesson.truth()["stage"]
    assert lesson.truth()["carousel"]["state"] == 0


def test_countdown_is_paused_continued_and_stopped(teacher: OnPage, lesson: Lesson) -> None:
    assert teacher.do("countdown", {"minutes": "0", "seconds": "0"}).status_code == 422
    assert teacher.do("countdown", {"minutes": "2", "seconds": "30"}).status_code == 200
    assert last().params["seconds"] == 150
    lesson.sync()
    page = teacher.page()
    assert "Pause countdown" in page
    assert "data-due=" in page.partition('id="countdown"')[2].partition("</div>")[0]
    teacher.do("pause-countdown")
    lesson.sync()
    assert "Countdown paused" in teacher.page()
    teacher.do("continue-countdown")
    lesson.sync()
    assert "Pause countdown" in teacher.page()
    teacher.do("stop-countdown")
    lesson.sync()
    assert "Pause countdown" not in teacher.page()


def test_quiz_and_poll_are_started_and_ended(teacher: OnPage, lesson: Lesson) -> None:
    assert teacher.do("quiz", {"choice_1": "3 cm", "choice_2": "4 cm"}).status_code == 422
    chosen = {"choice_1": "3 cm", "choice_2": "4 cm", "correct_2": "on", "choice_3": ""}
    assert teacher.do("quiz", chosen).status_code == 200
    (quiz,) = lesson.truth()["quizzes"]
    assert (quiz["items"], quiz["correct"]) == (["3 cm", "4 cm"], ["4 cm"])
    # quizzes have their own stream, which the sync of this test does not read
    row = Quiz.objects.create(room=teacher.room, quiz_id=quiz["id"], running=True)
    assert f"/questions/quiz/{row.pk}/end/" in teacher.page()
    teacher.client.post(teacher.address("end_question", "quiz", row.pk), **HTMX)
    assert last().action == "quiz.stop"
    assert not lesson.truth()["quizzes"][0]["running"]
    Quiz.objects.update(running=False)
    assert f"/questions/quiz/{row.pk}/end/" not in teacher.page()
    assert teacher.do("poll", {"choice_1": "Yes", "choice_2": "No", "multiple": "on"}).status_code == 200
    assert last().action == "poll.start"
    assert len(lesson.truth()["polls"]) == 1


def test_announcement_is_sent_from_the_field_of_the_chat_which_is_then_empty(
    teacher: OnPage, lesson: Lesson
) -> None:
    assert teacher.do("announce", {"text": "  "}).status_code == 422
    assert teacher.do("announce", {"text": "x" * 1001}).status_code == 422
    answer = teacher.do("announce", {"text": "Open page 7"}).content.decode()
    assert re.search(r'<input id="say-text"[^>]*hx-swap-oob="true"', answer)
    lesson.sync()
    assert "Open page 7" in teacher.page()
    without_scripts = teacher.client.get(teacher.address("command", "announce"), {"text": "Open page 8"})
    assert "Open page 8" in without_scripts.content.decode()


# --- forms for one person and for several ----------------------------------------------------------------


def test_message_and_reward_for_one_person(teacher: OnPage, lesson: Lesson) -> None:
    for name in PERSON_FORMS:
        asked = teacher.client.get(teacher.address("person_form", teacher.who("ada").pk, name), **HTMX)
        assert 'id="dialog-title"' in asked.content.decode()
        assert b"csrf" not in asked.content.lower()
    assert teacher.form("message", "ada", {"text": ""}).status_code == 422
    assert teacher.form("message", "ada", {"text": "Well done"}).status_code == 200
    assert last().action == "participant.message"
    assert teacher.form("reward", "ada", {"count": "11"}).status_code == 422
    assert teacher.form("reward", "ada", {"count": "3"}).status_code == 200
    lesson.sync()
    assert teacher.who("ada").rewards == 3


def test_several_people_are_muted_rewarded_and_sent_a_message(teacher: OnPage, lesson: Lesson) -> None:
    ada, ben = teacher.who("ada").pk, teacher.who("ben").pk
    assert "Ada" in teacher.client.get(teacher.address("command", "several"), **HTMX).content.decode()
    some = {"whom": "chosen", "people": [ada, ben]}
    for wrong in (
        {"do": "mute", "whom": "chosen"},
        {"do": "message", **some},
        {"do": "reward", "count": "99", **some},
        {"do": "explode", **some},
        {"do": "mute", "whom": "chosen", "people": [teacher.who("tess").pk]},
    ):
        assert teacher.do("several", wrong).status_code == 422, wrong
    assert not Entry.objects.exists()
    teacher.do("several", {"do": "mute", **some})
    assert [lesson.stream(one)["audioState"] for one in STUDENTS] == [0, 0, 1]
    teacher.do("several", {"do": "reward", "count": "2", **some})
    lesson.sync()
    assert [teacher.who(one).rewards for one in STUDENTS] == [2, 2, 0]
    answer = teacher.do("several", {"do": "mute_chat", **some}).content.decode()
    assert f'id="p{ada}"' in answer
    assert f'id="p{ben}"' in answer
    assert [bool(lesson.person(one)["muteChat"]) for one in STUDENTS] == [True, True, False]
    teacher.do("several", {"do": "message", "text": "Come back", **some})
    assert Entry.objects.filter(action="participant.message").count() == 2
    teacher.do("several", {"do": "camera_off", "whom": "students"})
    assert all(lesson.stream(one)["videoState"] == 0 for one in STUDENTS)


def test_all_students_are_also_those_whom_the_form_does_not_list(
    teacher: OnPage, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_views, "MOST_PEOPLE", 1)
    form = teacher.client.get(teacher.address("command", "several"), **HTMX).content.decode()
    assert form.count('name="people"') == 1
    teacher.do("several", {"do": "reward", "count": "2", "whom": "students"})
    lesson.sync()
    assert [teacher.who(one).rewards for one in STUDENTS] == [2, 2, 2]


def test_command_from_an_unreadable_address_is_answered(teacher: OnPage) -> None:
    where = teacher.address("command", "mute-all")
    answer = teacher.client.post(where, {}, **HTMX, HTTP_HX_CURRENT_URL="http://[::1")
    assert answer["HX-Refresh"] == "true"


# --- breakout rooms --------------------------------------------------------------------------------------


def open_rooms(lesson: Lesson, **rooms: list[str]) -> None:
    """Open breakout rooms with these people."""
    rows = [
        {"groupUuid": name.lower(), "groupName": name, "users": [{"userUuid": user} for user in users]}
        for name, users in rooms.items()
    ]
    lesson.sim.do(
        lambda world: world_groups.open_groups(world, world.rooms[lesson.room_uuid], rows, operator=None)
    )
    lesson.sync()


def test_breakout_rooms_are_changed_one_by_one(teacher: OnPage, lesson: Lesson) -> None:
    open_rooms(lesson, Red=["ada"], Blue=[])

    def groups() -> dict[str, Any]:
        return {group.name: group for group in read(Room.objects.get(pk=teacher.room.pk).groups)}

    panel = teacher.client.get(teacher.address("class"), {"show": "groups"}, **HTMX).content.decode()
    red, blue = groups()["Red"], groups()["Blue"]
    assert f"/groups/{group_key(red)}/rename/" in panel
    assert f'href="{teacher.address("command", "move")}"' in panel
    move = teacher.client.get(teacher.address("command", "move"), **HTMX).content.decode()
    assert "Back to the class" in move
    teacher.do("move", {"person": teacher.who("ben").pk, "group": blue.uuid})
    lesson.sync()
    assert groups()["Blue"].members == ("ben",)
    teacher.form("move", "ada", {"group": "class"})
    lesson.sync()
    assert groups()["Red"].members == ()
    assert teacher.form("move", "ada", {"group": "class"}).status_code == 422
    address = teacher.address("group", group_key(blue), "rename")
    assert teacher.client.post(address, {"name": ""}, **HTMX).status_code == 422
    teacher.client.post(address, {"name": "Green"}, **HTMX)
    lesson.sync()
    assert set(groups()) == {"Red", "Green"}
    teacher.client.post(teacher.address("group", group_key(red), "close"), **HTMX)
    lesson.sync()
    assert set(groups()) == {"Green"}
    assert teacher.client.get(teacher.address("group", group_key(red), "close")).status_code == 404


def test_announcement_may_be_for_some_breakout_rooms(teacher: OnPage, lesson: Lesson) -> None:
    open_rooms(lesson, Red=["ada"])
    (red,) = read(Room.objects.get(pk=teacher.room.pk).groups)
    asked = teacher.client.get(teacher.address("command", "announce")).content.decode()
    assert "Only these breakout rooms" in asked
    assert teacher.do("announce", {"text": "Hello", "to": "2"}).status_code == 422
    assert teacher.do("announce", {"text": "Hello", "to": "2", "groups": [red.uuid]}).status_code == 200
    assert kinds(last())[1] == "accepted"


def test_every_form_asks_in_a_dialog_without_a_token(teacher: OnPage) -> None:
    for name in CLASS_FORMS:
        asked = teacher.client.get(teacher.address("command", name), **HTMX).content
        assert b'id="dialog-title"' in asked
        assert b"csrf" not in asked.lower()
    assert not Entry.objects.exists()
