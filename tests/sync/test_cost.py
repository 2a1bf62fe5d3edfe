"""What a batch costs in queries and rows: by its change, not by its events, its rows or the size of a room.
(Invariant 8.)
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.common import clock
from classroom_admin.rooms.models import ChatMessage, Participant, Presence, Room
from classroom_admin.sync import inbox, projector
from classroom_admin.sync.models import InboxAnswer, StoredEvent
from tests.sync.conftest import room

pytestmark = pytest.mark.django_db(transaction=True)


class Class:
    """A room that writes its own events."""

    def __init__(self, uuid: str) -> None:
        self.uuid, self.sequence = uuid, 0

    def event(self, cmd: int, **data: Any) -> dict[str, Any]:
        self.sequence += 1
        return {
            "roomUuid": self.uuid,
            "cmd": cmd,
            "sequence": self.sequence,
            "ts": clock.now_ms(),
            "data": data,
        }

    def enter(self, number: int) -> dict[str, Any]:
        return self.event(20, onlineUsers=[person(number)], offlineUsers=[])

    def leave(self, number: int) -> dict[str, Any]:
        return self.event(20, onlineUsers=[], offlineUsers=[person(number)])

    def reward(self, number: int) -> dict[str, Any]:
        return self.event(1101, rewardDetails=[{"userUuid": f"p{number}", "changedReward": 1}])

    def chat(self, number: int) -> dict[str, Any]:
        return self.event(3, fromUser=person(number), message="hello", type=1)


def person(number: int) -> dict[str, Any]:
    return {"userUuid": f"p{number}", "userName": f"Student {number}", "role": 2}


def keep(events: list[dict[str, Any]]) -> int:
    """Commit an answer with these events; gives its id."""
    body = json.dumps({"code": 0, "msg": "Success", "data": events}).encode()
    raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id=None, path="")
    return inbox.keep(raw, source=InboxAnswer.Source.POLL).pk


def queries_of_read(events: list[dict[str, Any]]) -> int:
    answer_id = keep(events)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        inbox.read(answer_id)
    return len(asked)


def queries_of_projection(*classes: Class) -> int:
    ids = [room(each.uuid).pk for each in classes]
    with CaptureQueriesContext(connection) as asked:
        projector.project_rooms(ids)
    assert not set(ids) & set(projector.waiting_rooms())
    return len(asked)


def lesson(each: Class, *, people: int) -> list[dict[str, Any]]:
    """Everybody enters, chats, is rewarded, leaves and comes back."""
    events: list[dict[str, Any]] = []
    for number in range(people):
        events += [each.enter(number), each.chat(number), each.reward(number)]
        events += [each.leave(number), each.enter(number)]
    return events


def test_reading_an_answer_takes_as_many_queries_for_300_events_as_for_5(db: None) -> None:
    small, large = Class("small"), Class("large")
    inbox.read(keep([small.enter(0), large.enter(0)]))
    few = queries_of_read(lesson(small, people=1))
    many = queries_of_read(lesson(large, people=60))
    assert many == few
    assert StoredEvent.objects.count() == 2 + 5 + 300


def test_reading_an_answer_takes_as_many_queries_for_40_rooms_as_for_one(db: None) -> None:
    classes = [Class(f"class {number}") for number in range(40)]
    inbox.read(keep([each.enter(0) for each in classes]))
    one = queries_of_read([classes[0].chat(0)])
    all_of_them = queries_of_read([each.chat(0) for each in classes])
    assert all_of_them == one


def test_projecting_takes_as_many_queries_for_300_events_as_for_5(db: None) -> None:
    small, large = Class("small"), Class("large")
    inbox.read(keep(lesson(small, people=1) + lesson(large, people=60)))
    few, many = queries_of_projection(small), queries_of_projection(large)
    assert many == few
    here = room("large")
    assert (here.event_count, here.people_online, here.chat_count) == (300, 60, 60)
    assert Presence.objects.filter(room=here).count() == 120


def test_projecting_ten_rooms_together_takes_as_many_queries_as_one(db: None) -> None:
    alone, *classes = [Class(f"class {number}") for number in range(11)]
    for each in (alone, *classes):
        inbox.read(keep(lesson(each, people=3)))
    one = queries_of_projection(alone)
    together = queries_of_projection(*classes)
    assert together == one
    assert set(Room.objects.values_list("event_count", "people_online", "version")) == {(15, 3, 1)}
    assert ChatMessage.objects.count() == 33


@pytest.mark.parametrize("what", ["chat", "reward", "leave"])
def test_one_event_costs_a_room_of_1000_what_it_costs_a_room_of_10(what: str, db: None) -> None:
    """In queries, in rows read by the projection, and in rows written."""
    costs = []
    for size in (10, 1000):
        each = Class(f"room of {size}")
        inbox.read(keep([each.enter(number) for number in range(size)]))
        projector.project_room(room(each.uuid).pk)
        before = room(each.uuid).version
        inbox.read(keep([getattr(each, what)(size // 2)]))
        with CaptureQueriesContext(connection) as asked:
            projected = projector.project_room(room(each.uuid).pk)
        changed = Participant.objects.filter(room__room_uuid=each.uuid, version__gt=before).count()
        bytes_asked = sum(len(query["sql"]) for query in asked)
        costs.append((len(asked), projected.rows, changed, bytes_asked))
    small, large = costs
    assert small[:3] == large[:3]
    assert large[3] <= small[3] + 500, "keys may have more digits; nobody else's row is in it"
    assert small[1] <= 3
