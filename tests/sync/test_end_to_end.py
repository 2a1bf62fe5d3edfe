"""`manage.py sync --once` and `rebuild` against the simulated cloud, over HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from classroom_admin.rooms.models import (
    Answer,
    ChatMessage,
    Participant,
    Poll,
    Quiz,
    Recording,
    Resource,
    Room,
)
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.models import StoredEvent
from tests.sync.comparison import assert_all_stored_once, assert_rooms_match
from tests.sync.conftest import config_for, room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = {1, 3, 4, 5, 20, 21, 22, 23, 40, 41, 99, 1001, 1003, 1101, 1501, 1502}


def test_every_kind_of_event_of_a_school_lands_in_the_read_models(settings: Any) -> None:
    with running_simulator(seed=3, stepped=True, start_ms=int(time.time() * 1000) - 240_000) as sim:
        settings.AGORA = config_for(sim)
        for _ in range(16):
            sim.step(15_000)
        assert sync_once() == ""

        assert set(StoredEvent.objects.filter(stream="room").values_list("cmd", flat=True)) >= KINDS
        assert_all_stored_once(sim)
        assert not StoredEvent.objects.exclude(unreadable="").exists()
        rooms = {each["roomUuid"]: each for each in sim.oracle(events=0)["rooms"]}
        for uuid, truth in rooms.items():
            here = room(uuid)
            assert (here.name, here.current_state) == (truth["roomName"], truth["state"])
            online = {one.user_uuid for one in Participant.objects.filter(room=here, online=True)}
            assert online == {user["userUuid"] for user in truth["users"] if user["online"]}
            assert ids(Recording, here, "record_id") == {each["recordId"] for each in truth["recordings"]}
            assert ids(Quiz, here, "quiz_id") == {each["id"] for each in truth["quizzes"]}
            assert ids(Poll, here, "poll_id") == {each["id"] for each in truth["polls"]}
            answered = {
                (question["id"], user)
                for question in [*truth["quizzes"], *truth["polls"]]
                for user in question["answers"]
            }
            assert set(Answer.objects.filter(room=here).values_list("question_id", "user_uuid")) == answered
            shared = Resource.objects.filter(room=here, removed_at__isnull=True)
            assert set(shared.values_list("resource_uuid", flat=True)) == {
                each["resourceUuid"] for each in truth["resources"]
            }


def ids(model: Any, here: Room, column: str) -> set[str]:
    return set(model.objects.filter(room=here).values_list(column, flat=True))


def a_class(sim: RunningSimulator, uuid: str = "maths 7b") -> None:
    """A class in which a little of everything happens."""
    sim.make_room(uuid, roomName="Mathematics", state=1)
    sim.room(uuid, "enter", userUuid="t1", userName="Ms Noether", role=1, stream=True)
    for student in ("p1", "p2", "p3"):
        sim.room(uuid, "enter", userUuid=student, userName=f"Student {student}")
    sim.room(uuid, "chat", userUuid="p1", message="<b>hello</b>")
    sim.room(uuid, "wave", userUuid="p2")
    sim.room(uuid, "stage", userUuid="p2")
    sim.room(uuid, "reward", userUuid="p2", change=3)
    sim.room(uuid, "mute", userUuid="p3", muteChat=1)
    sim.room(uuid, "drop", userUuid="p1")
    sim.room(uuid, "enter", userUuid="p1")
    sim.room(uuid, "leave", userUuid="p3")
    sim.room(uuid, "quiz", userUuid="t1", items=["A", "B"], correctItems=["A"])
    sim.room(uuid, "answer", userUuid="p1", selectedItems=["A"])


def test_people_stays_hands_and_rewards_are_as_the_cloud_has_them(sim: RunningSimulator, cloud: Any) -> None:
    a_class(sim)
    a_class(sim, "art/8a".replace("/", "|"))
    assert sync_once() == ""
    assert_all_stored_once(sim)
    assert_rooms_match(sim)
    assert list(ChatMessage.objects.values_list("text", flat=True)) == ["<b>hello</b>"] * 2
    assert Answer.objects.get(room=room("maths 7b")).user_uuid == "p1"


def test_once_more_changes_nothing(sim: RunningSimulator, cloud: Any) -> None:
    a_class(sim)
    assert sync_once() == ""
    before = snapshot()
    assert sync_once() == ""
    assert snapshot() == before


def test_rebuild_after_projecting_in_parts_changes_no_row(
    sim: RunningSimulator, cloud: Any, capsys: Any
) -> None:
    a_class(sim)
    assert sync_once() == ""
    sim.room("maths 7b", "kick", userUuid="p1", duration=600)
    sim.room("maths 7b", "quiz", stop=True)
    sim.room("maths 7b", "state", state=2)
    assert sync_once() == ""
    before = snapshot()
    capsys.readouterr()
    call_command("rebuild")
    assert capsys.readouterr().out == "0 rows changed\n"
    assert snapshot() == before


def test_rebuild_repairs_rows_that_are_wrong(sim: RunningSimulator, cloud: Any, capsys: Any) -> None:
    a_class(sim)
    assert sync_once() == ""
    right = Participant.objects.get(user_uuid="p2").rewards
    Participant.objects.filter(user_uuid="p2").update(rewards=99)
    ChatMessage.objects.all().delete()
    Quiz.objects.create(room=room("maths 7b"), quiz_id="made up")
    version = room("maths 7b").version
    capsys.readouterr()
    call_command("rebuild", "maths 7b")
    assert capsys.readouterr().out == "3 rows changed\n"
    assert Participant.objects.get(user_uuid="p2").rewards == right
    assert ChatMessage.objects.count() == 1
    assert not Quiz.objects.filter(quiz_id="made up").exists()
    assert room("maths 7b").version == version + 1


def test_rebuild_of_an_unknown_room_says_so(db: None) -> None:
    with pytest.raises(CommandError, match="No room 'nowhere' is known here"):
        call_command("rebuild", "nowhere")


def test_only_rows_that_changed_get_the_new_version(sim: RunningSimulator, cloud: Any) -> None:
    a_class(sim)
    assert sync_once() == ""
    before = room("maths 7b").version
    sim.room("maths 7b", "reward", userUuid="p1", change=1)
    assert sync_once() == ""
    here = room("maths 7b")
    assert here.version == before + 1
    changed = Participant.objects.filter(room=here, version__gt=before)
    assert list(changed.values_list("user_uuid", flat=True)) == ["p1"]


def test_a_connection_that_is_not_set_up_is_named(settings: Any, db: None) -> None:
    settings.AGORA = type(settings.AGORA)(region="na")
    assert "AGORA_APP_ID is not set" in sync_once()


def snapshot() -> dict[str, list[tuple[Any, ...]]]:
    """Every read model, whole, but for when a room was read back."""
    tables = (Room, Participant, ChatMessage, Recording, Resource, Quiz, Poll, Answer)
    return {
        model.__name__: list(
            model.objects.order_by("pk").values_list(
                *(field.attname for field in model._meta.concrete_fields if field.name != "profile_read_at")
            )
        )
        for model in tables
    }
