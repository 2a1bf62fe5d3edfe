"""A school where Ada was in several classes of several teachers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Room, RoomTeacher
from classroom_admin.sync.models import StoredEvent
from tests.school import School, make_person, make_room

Happened = Callable[..., StoredEvent]
ADA = {"userUuid": "cloud-ada", "userName": "Ada Lovelace", "role": 2}


@pytest.fixture
def happened() -> Happened:
    """Return a function that stores an event of a class: ``happened(room, 3, ago, message="Hi")``."""

    def store(room: Room, cmd: int, ago: timedelta, *, stream: str = "room", **data: Any) -> StoredEvent:
        at = clock.cloud_now() - ago
        sequence = StoredEvent.objects.filter(room=room, stream=stream).count() + 100
        raw = {"cmd": cmd, "sequence": sequence, "data": data}
        event = StoredEvent.objects.create(
            room=room, stream=stream, sequence=sequence, cmd=cmd, ts_ms=_ms(at), received_at=at,
            raw=json.dumps(raw, separators=(",", ":")),
        )  # fmt: skip
        last = room.last_event_at
        room.last_event_at = at if last is None else max(last, at)
        room.save()
        return event

    return store


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def attend(room: Room, user_uuid: str = "cloud-ada", **columns: Any) -> Participant:
    columns = {"name": "Ada Lovelace", "online": False, "user_uuid": user_uuid} | columns
    columns.setdefault("entered_at", clock.now() - timedelta(days=400))
    return make_person(room, 0, **columns)


@pytest.fixture
def ada(school: School, happened: Happened) -> Participant:
    """Ada's row in the class of the school's teacher, where she wrote, got a reward and raised her hand."""
    row = attend(school.room, left_at=clock.now() - timedelta(minutes=2))
    minute = timedelta(minutes=1)
    happened(school.room, 3, 50 * minute, fromUser=ADA, message="Good morning")
    happened(school.room, 1502, 40 * minute, addProgressUsers=[{"userUuid": "cloud-ada"}])
    happened(school.room, 1101, 30 * minute, rewardDetails=[{"userUuid": "cloud-ada", "changeReward": 1}])
    return row


@pytest.fixture
def foreign(school: School, happened: Happened) -> Participant:
    """Ada's row in a class of the other teacher, where she wrote, too."""
    room = make_room("Foreign class")
    RoomTeacher.objects.create(room=room, user=school.other_teacher)
    row = attend(room, online=True)
    happened(room, 3, timedelta(minutes=10), fromUser=ADA, message="Written elsewhere")
    return row


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger@school.test", "x", name="Stranger")
