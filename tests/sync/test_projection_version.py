"""Raising the projection version projects every room again by itself: newest first, step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin import events
from classroom_admin.rooms.models import ChatMessage, Room
from classroom_admin.sync import projector, stretches, tasks
from tests.sync.test_order import arrive

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
NAMES = ("a-old", "b-middle", "c-new")
pytestmark = pytest.mark.django_db(transaction=True)


def chat(room_uuid: str, number: int, *, day: int = 0) -> dict[str, Any]:
    ts = int((START + timedelta(days=day, seconds=number)).timestamp() * 1000)
    data = {"fromUser": {"userUuid": "p", "userName": "Pia", "role": 2}, "message": f"{number}"}
    return {"roomUuid": room_uuid, "cmd": 3, "sequence": number, "ts": ts, "data": data}


@pytest.fixture
def rooms() -> list[int]:
    """Three classes, the oldest first, projected by this version."""
    arrive([chat(name, number, day=day) for day, name in enumerate(NAMES) for number in (1, 2)])
    tasks.project_waiting(within_s=60)
    assert projector.outdated_room() is None, "what is new is up to date"
    return [Room.objects.get(room_uuid=name).pk for name in NAMES]


@pytest.fixture
def raised(rooms: list[int], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A release with a higher version, which gives other rows: a message of 2 reads "two"."""
    real = events.project

    def project(event: Any, at: Any, rows: Any) -> None:
        real(event, at, rows)
        if event.sequence == 2:
            rows.messages[2].text = "two"

    monkeypatch.setattr(stretches, "project", project)
    monkeypatch.setattr(events, "PROJECTION_VERSION", events.PROJECTION_VERSION + 1)
    return rooms


def second_messages() -> list[str]:
    found = ChatMessage.objects.filter(sequence=2).order_by("room_id")
    return list(found.values_list("text", flat=True))


def test_every_room_is_projected_again_the_newest_first(raised: list[int]) -> None:
    assert tasks.project_outdated(within_s=0) == 1
    assert second_messages() == ["2", "2", "two"], "the others show their old rows"
    assert tasks.project_outdated(within_s=60) == 2
    assert second_messages() == ["two", "two", "two"]
    assert tasks.project_outdated(within_s=60) == 0
    assert set(Room.objects.values_list("projection_version", flat=True)) == {events.PROJECTION_VERSION}


def test_newer_version_projects_again_what_an_older_one_beside_it_has_projected(
    raised: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tasks.project_outdated(within_s=60) == 3
    with monkeypatch.context() as older:
        older.setattr(events, "PROJECTION_VERSION", events.PROJECTION_VERSION - 1)
        arrive([chat(NAMES[0], 3)])
        tasks.project_waiting(within_s=60)
        assert projector.outdated_room() is None, "the older version does not project whole rooms again"
    assert projector.outdated_room() == raised[0]
    assert tasks.project_outdated(within_s=60) == 1


def test_the_beat_does_it(raised: list[int]) -> None:
    tasks.project_outdated()
    assert second_messages() == ["two", "two", "two"]


def test_what_was_interrupted_goes_on(raised: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: Any) -> None:
        raise InterruptedError

    tasks.project_outdated(within_s=0)
    with monkeypatch.context() as patched:
        patched.setattr(projector, "save_cursors", killed)
        with pytest.raises(InterruptedError):
            tasks.project_outdated(within_s=60)
    assert second_messages() == ["2", "2", "two"], "nothing of the interrupted room stays"
    assert tasks.project_outdated(within_s=60) == 2
    assert second_messages() == ["two", "two", "two"]


def test_new_events_come_first(raised: list[int]) -> None:
    arrive([chat("a-old", 3)])
    assert tasks.project_outdated(within_s=60) == 1, "one room, and then those who wait"
    tasks.project_waiting(within_s=60)
    assert tasks.project_outdated(within_s=60) == 2


def test_new_events_of_an_outdated_room_are_shown_at_once(raised: list[int]) -> None:
    arrive([chat("a-old", 3)])
    tasks.project_waiting(within_s=60)
    assert ChatMessage.objects.filter(room_id=raised[0]).count() == 3
    assert Room.objects.get(pk=raised[0]).projection_version < events.PROJECTION_VERSION


def test_no_row_is_written_where_nothing_differs(rooms: list[int]) -> None:
    before = list(Room.objects.order_by("pk").values("version", "last_event_id"))
    Room.objects.update(projection_version=0)
    assert tasks.project_outdated(within_s=60) == 3
    assert list(Room.objects.order_by("pk").values("version", "last_event_id")) == before
    assert set(Room.objects.values_list("projection_version", flat=True)) == {events.PROJECTION_VERSION}


def test_a_room_without_events_is_soon_up_to_date() -> None:
    Room.objects.create(room_uuid="empty", projection_version=0)
    assert tasks.project_outdated(within_s=60) == 1
    assert projector.outdated_room() is None


def test_rebuild_brings_the_version_up(raised: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rebuild", "a-old")
    assert "rows changed" in capsys.readouterr().out
    assert second_messages() == ["two", "2", "2"]
    assert Room.objects.get(room_uuid="a-old").projection_version == events.PROJECTION_VERSION
    assert tasks.project_outdated(within_s=60) == 2


def test_a_late_event_brings_the_version_up(raised: list[int]) -> None:
    arrive([chat("a-old", 5)])
    tasks.project_waiting(within_s=60)
    projector.project_room(raised[0], past_gaps=True)
    arrive([chat("a-old", 4)])
    tasks.project_waiting(within_s=60)
    assert Room.objects.get(pk=raised[0]).projection_version == events.PROJECTION_VERSION


def test_rooms_that_are_left_out_keep_their_rows(raised: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = Room.objects.exclude(pk=raised[2])
    monkeypatch.setattr(projector, "projectable", lambda: sealed.all())
    assert tasks.project_outdated(within_s=60) == 2
    call_command("rebuild")
    assert projector.project_again(raised[2]).rows == 0
    assert second_messages() == ["two", "two", "2"]
