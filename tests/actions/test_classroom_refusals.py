"""What commands from outside the classroom refuse, how they split a large class, and what they leave out."""

from __future__ import annotations

import time
from typing import Any

import pytest

from classroom_admin.actions import (
    breakout_rooms,
    classroom_tools,
    countdown,
    media,
    messages,
    quizzes_polls,
    rewards,
    runner,
    stage,
)
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.media import Device, Whom
from classroom_admin.actions.messages import Audience
from classroom_admin.audit.models import Entry
from classroom_admin.common.problem_texts import TEXTS, in_english
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Participant, Poll, Quiz, Role, Room
from tests.actions.conftest import kinds, last_detail, reason_code

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = {"state": 1, "details": {"g1": {"groupName": "Red", "users": [{"userUuid": "ada"}]}}}


@pytest.fixture
def access(school: Any) -> Any:
    Room.objects.filter(pk=school.room.pk).update(groups=GROUPS)
    return access_to(school.teacher, Room.objects.get(pk=school.room.pk))


def ada(access: Any) -> Participant:
    return Participant.objects.get(room=access.room, user_uuid="ada")


def gone(access: Any) -> Participant:
    return Participant.objects.create(room=access.room, user_uuid="gone", name="Gone", online=False)


def stranger(access: Any) -> Participant:
    other = Room.objects.create(room_uuid="other", name="Other")
    return Participant.objects.create(room=other, user_uuid="eve", name="Eve", online=True)


def foreign(model: Any) -> Any:
    other = Room.objects.create(room_uuid="other", name="Other")
    return model(room=other, **{"quiz_id" if model is Quiz else "poll_id": "q"})


REFUSED: dict[str, tuple[str, Any]] = {
    "muting a person of another class": (
        "not_in_this_class",
        lambda a: media.set_media(a, participant=stranger(a), device=Device.CAMERA, on=False),
    ),
    "muting a person who left": (
        "person_not_present",
        lambda a: media.set_media(a, participant=gone(a), device=Device.CAMERA, on=False),
    ),
    "muting without a stream": (
        "no_stream",
        lambda a: media.set_media(a, participant=ada(a), device=Device.MICROPHONE, on=False),
    ),
    "muting nobody": (
        "nobody_to_change",
        lambda a: media.set_media_of_many(a, device=Device.CAMERA, on=False, whom=Whom.STUDENTS),
    ),
    "blocking without a customer id": (
        "customer_missing",
        lambda a: media.block_publishing(a, participant=ada(a), minutes=5),
    ),
    "an empty announcement": ("text_empty", lambda a: messages.announce(a, text="\u200b")),
    "a long announcement": ("text_too_long", lambda a: messages.announce(a, text="x" * 1001)),
    "an announcement to no rooms": (
        "groups_missing",
        lambda a: messages.announce(a, text="Hi", to=Audience.GROUPS),
    ),
    "an announcement to a room that is not open": (
        "no_such_group",
        lambda a: messages.announce(a, text="Hi", to=Audience.GROUPS, groups=["g9"]),
    ),
    "a message to a person who left": (
        "person_not_present",
        lambda a: messages.message_person(a, participant=gone(a), text="Hi"),
    ),
    "an empty message": ("text_empty", lambda a: messages.message_person(a, participant=ada(a), text="")),
    "muting the chat of a stranger": (
        "not_in_this_class",
        lambda a: messages.mute_chat_of(a, participant=stranger(a), muted=True),
    ),
    "a person who left, on stage": (
        "person_not_present",
        lambda a: stage.bring_on_stage(a, participant=gone(a)),
    ),
    "a hand that is not raised": ("hand_not_raised", lambda a: stage.lower_hand(a, participant=ada(a))),
    "no hands": ("no_hands_raised", stage.lower_all_hands),
    "moving into an unknown room": (
        "no_such_group",
        lambda a: breakout_rooms.move_to_group(a, participant=ada(a), group_uuid="g9"),
    ),
    "moving into the same room": (
        "already_in_group",
        lambda a: breakout_rooms.move_to_group(a, participant=ada(a), group_uuid="g1"),
    ),
    "moving out of no room": (
        "in_no_group",
        lambda a: breakout_rooms.move_to_group(a, participant=here(a), group_uuid=None),
    ),
    "renaming an unknown room": (
        "no_such_group",
        lambda a: breakout_rooms.rename_group(a, group_uuid="g9", name="Blue"),
    ),
    "renaming without a name": (
        "argument",
        lambda a: breakout_rooms.rename_group(a, group_uuid="g1", name=" "),
    ),
    "closing an unknown room": ("no_such_group", lambda a: breakout_rooms.close_group(a, group_uuid="g9")),
    "a screen that is not shared": (
        "not_sharing",
        lambda a: classroom_tools.stop_screen_share(a, participant=ada(a)),
    ),
    "rewards for nobody": ("nobody_to_change", lambda a: rewards.give_rewards(a, participants=[])),
    "no rewards": (
        "reward_count_wrong",
        lambda a: rewards.give_rewards(a, participants=[ada(a)], count=0),
    ),
    "rewards for a stranger": (
        "not_in_this_class",
        lambda a: rewards.give_rewards(a, participants=[ada(a), stranger(a)]),
    ),
    "a quiz with one option": (
        "options_wrong",
        lambda a: quizzes_polls.start_quiz(a, items=["A"], correct=["A"]),
    ),
    "a quiz with equal options": (
        "options_wrong",
        lambda a: quizzes_polls.start_quiz(a, items=["A", "A"], correct=["A"]),
    ),
    "a quiz without a right answer": (
        "correct_wrong",
        lambda a: quizzes_polls.start_quiz(a, items=["A", "B"], correct=[]),
    ),
    "a quiz whose right answer is no option": (
        "correct_wrong",
        lambda a: quizzes_polls.start_quiz(a, items=["A", "B"], correct=["C"]),
    ),
    "a poll with an invisible option": (
        "options_wrong",
        lambda a: quizzes_polls.start_poll(a, items=["A", "\u200b"]),
    ),
    "a quiz of another class": (
        "question_not_in_class",
        lambda a: quizzes_polls.stop_quiz(a, quiz=foreign(Quiz)),
    ),
    "a poll of another class": (
        "question_not_in_class",
        lambda a: quizzes_polls.stop_poll(a, poll=foreign(Poll)),
    ),
    "a countdown of 0 s": ("seconds_wrong", lambda a: countdown.start_countdown(a, seconds=0)),
    "a countdown of 2 h": ("seconds_wrong", lambda a: countdown.start_countdown(a, seconds=7200)),
    "pausing without a countdown": ("no_countdown", countdown.pause_countdown),
    "stopping without a countdown": ("no_countdown", countdown.stop_countdown),
}


def here(access: Any) -> Participant:
    return Participant.objects.create(room=access.room, user_uuid="ben", name="Ben", online=True)


@pytest.mark.parametrize("what", REFUSED)
def test_a_wrong_command_is_refused_in_words_and_neither_sent_nor_recorded(access: Any, what: str) -> None:
    code, run = REFUSED[what]
    with pytest.raises(ActionRefused) as refused:
        run(access)
    assert refused.value.problem.code == code
    assert code in TEXTS
    assert "{" not in in_english(refused.value.problem)
    assert not Entry.objects.exists()


def test_blocking_checks_its_arguments(access: Any, settings: Any) -> None:
    settings.AGORA = type(settings.AGORA)(
        **{
            name: getattr(settings.AGORA, name)
            for name in ("base_url", "region", "app_id", "app_certificate", "uid")
        },
        customer_id="who",
        customer_secret="what",
    )
    for code, arguments in (
        ("minutes_wrong", {"minutes": 0}),
        ("minutes_wrong", {"minutes": 1441}),
        ("nothing_chosen", {"minutes": 5, "microphone": False, "camera": False}),
        ("no_stream", {"minutes": 5}),
    ):
        with pytest.raises(ActionRefused) as refused:
            media.block_publishing(access, participant=ada(access), **arguments)
        assert refused.value.problem.code == code


# --- a large class ------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(sim: Any, access: Any) -> list[Participant]:
    """120 students with a stream, here and at the cloud."""

    def enter(world: Any) -> None:
        from classroom_admin.simulator.world import media as world_media
        from classroom_admin.simulator.world import people

        room = world.rooms[access.room.room_uuid]
        for number in range(120):
            user = people.enter(world, room, uuid=f"s{number}", name=f"S {number}", role=2, properties={})
            world_media.put(world, room, user, f"{7000 + number}", {"audio_state": 1, "video_state": 1})

    sim.do(enter)
    return [
        Participant.objects.create(
            room=access.room,
            user_uuid=f"s{number}",
            name=f"S {number}",
            role=Role.STUDENT,
            online=True,
            microphone_on=True,
            streams={f"{7000 + number}": {"video_source": 1, "audio_on": True, "video_on": True}},
        )
        for number in range(120)
    ]


def muted_at(sim: Any, access: Any) -> int:
    users = sim.oracle(room=access.room.room_uuid, events=0)["rooms"][0]["users"]
    return sum(stream["audioState"] == 0 for user in users for stream in user["streams"])


def mute(access: Any) -> Entry:
    return media.set_media_of_many(access, device=Device.MICROPHONE, on=False, whom=Whom.STUDENTS)


def test_a_large_class_is_muted_in_chunks_and_recorded_once(sim: Any, access: Any, crowd: Any) -> None:
    before = sim.oracle(room=access.room.room_uuid)["events"][-1]["sequence"]
    entry = mute(access)
    assert muted_at(sim, access) == 120
    assert Entry.objects.count() == 1
    assert (entry.params["whom"], entry.params["people"]) == ("students", 120)
    assert kinds(entry) == ["requested", "accepted", "confirmed"]
    assert last_detail(entry)["read_back"] == {"streams": 120, "changed": 120}
    told = [
        event
        for event in sim.oracle(room=access.room.room_uuid)["events"]
        if event["cmd"] == 41 and event["sequence"] > before
    ]
    assert len(told) == 3, "50, 50 and 20 streams"


@pytest.mark.odd_answers
def test_a_chunk_that_fails_is_told_with_what_was_done(sim: Any, access: Any, crowd: Any) -> None:
    sim.fault("refused", route="put_streams", afterCalls=1, params={"status": 409, "code": 20409000})
    entry = mute(access)
    assert muted_at(sim, access) == 50
    assert kinds(entry) == ["requested", "failed"]
    assert (last_detail(entry)["sent"], last_detail(entry)["of"]) == (1, 3)
    assert reason_code(entry) == "state_forbids"


def test_people_who_are_muted_already_are_left_out(sim: Any, access: Any, crowd: Any) -> None:
    for student in crowd[:100]:
        stream = {name: {**state, "audio_on": False} for name, state in student.streams.items()}
        Participant.objects.filter(pk=student.pk).update(streams=stream)
    assert mute(access).params["people"] == 20


def test_a_shared_screen_is_no_camera(access: Any) -> None:
    Participant.objects.filter(pk=ada(access).pk).update(streams={"9": {"video_source": 2, "video_on": True}})
    with pytest.raises(ActionRefused):
        media.set_media_of_many(access, device=Device.CAMERA, on=False, whom=Whom.STUDENTS)


def test_a_double_click_announces_once(sim: Any, access: Any) -> None:
    first = messages.announce(access, text="Hello")
    assert messages.announce(access, text="Hello") == first
    assert len(sim.oracle(room=access.room.room_uuid, events=0)["rooms"][0]["announcements"]) == 1


def test_an_announcement_without_an_answer_is_not_repeated(sim: Any, access: Any) -> None:
    sim.fault("lose_answer", route="announce", count=1)
    entry = messages.announce(access, text="Once")
    assert kinds(entry) == ["requested", "failed"]
    assert reason_code(entry) == "outcome_unknown"
    assert len(sim.oracle(room=access.room.room_uuid, events=0)["rooms"][0]["announcements"]) == 1


def test_a_mute_without_an_answer_is_repeated(sim: Any, access: Any) -> None:
    sim.fault("lose_answer", route="mute_room", count=1)
    assert kinds(messages.mute_class_chat(access, muted=True))[:2] == ["requested", "accepted"]


def test_many_hands_end_at_the_time_limit_of_one_command(
    sim: Any, access: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "COMMAND_S", 1.0)
    for number in range(12):
        user = f"hand {number}"
        sim.room(access.room.room_uuid, "enter", userUuid=user, userName=user)
        sim.room(access.room.room_uuid, "wave", userUuid=user)
        Participant.objects.create(
            room=access.room, user_uuid=user, name=user, online=True, hand_raised=True,
            hand_raised_at=ada(access).entered_at,
        )  # fmt: skip
    sim.fault("delay", route="lower_hand", params={"ms": 150})
    started = time.monotonic()
    entry = stage.lower_all_hands(access)
    assert time.monotonic() - started < 4, "one limit for all calls, not one for each"
    assert kinds(entry)[:2] == ["requested", "failed"]
    detail = entry.steps.get(kind="failed").detail
    assert 0 < detail["sent"] < 12
    left = sim.oracle(room=access.room.room_uuid, events=0)["rooms"][0]["hands"]
    assert len(left) <= 12 - detail["sent"]


def test_hands_that_are_lowered_in_between_do_not_stop_the_others(sim: Any, access: Any) -> None:
    for number, user in enumerate(("ben", "cy")):
        sim.room(access.room.room_uuid, "enter", userUuid=user, userName=user)
        Participant.objects.create(
            room=access.room, user_uuid=user, name=user, online=True, hand_raised=True,
            hand_raised_at=ada(access).entered_at,
        )  # fmt: skip
        if number:
            sim.room(access.room.room_uuid, "wave", userUuid=user)
    entry = stage.lower_all_hands(access)
    assert kinds(entry)[:2] == ["requested", "accepted"]
    assert sim.oracle(room=access.room.room_uuid, events=0)["rooms"][0]["hands"] == []
