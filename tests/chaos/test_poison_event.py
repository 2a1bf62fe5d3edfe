"""Events of unexpected contents are kept, shown to the administrator, and block nothing. (Invariant 3.)"""

from __future__ import annotations

import json
from typing import Any

import pytest

from classroom_admin.agora.client import Client
from classroom_admin.events import project
from classroom_admin.rooms.models import ChatMessage
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync import health, projector, stretches, tasks
from classroom_admin.sync.models import Quarantine, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.chaos.checks import assert_nothing_lost_nothing_twice
from tests.chaos.school import School
from tests.chaos.test_competing_reader import seconds_pass
from tests.stepped_clock import SteppedClock
from tests.sync.conftest import room

pytestmark = pytest.mark.django_db(transaction=True)

DEEP = "[" * 60 + "]" * 60
POISON: list[dict[str, Any]] = [
    {
        "cmd": 20,
        "data": {"onlineUsers": [{"userUuid": {"a": 1}, "role": [], "updateTime": "soon"}], "total": {}},
    },
    {"cmd": 20, "data": None},
    {"cmd": 3, "data": [[[]]]},
    {"cmd": 3, "data": {"message": {"not": "text"}, "fromUser": 7}},
    {"cmd": 1, "data": {"state": 10**30, "startTime": -(10**30)}},
    {"cmd": 4, "data": {"changeProperties": "x", "action": "y"}},
    {"cmd": 1101, "data": {"rewardDetails": [{"userUuid": "p1", "total": 10**40}]}},
    {"cmd": 1001, "data": {"state": 1, "recordId": ["r"], "startTime": 1e300}},
    {"cmd": 1502, "data": {"addProgressUsers": [{"userUuid": "\u0000"}, None, 3, {}]}},
    {"cmd": 2**70, "data": {}},
    {"cmd": 3, "data": {"message": "\ud800 <script>alert(1)</script>"}, "fields": {"ts": 10**25}},
    {"cmd": 99, "data": json.loads(DEEP)},
]


@pytest.mark.odd_answers
def test_poison_event_blocks_no_room(sim: RunningSimulator, cloud: Client, own_clock: SteppedClock) -> None:
    """Each unexpected event is in its own room, among ordinary events: every room continues."""
    school = School(sim, rooms=len(POISON), seed=6)
    seconds_pass(school, own_clock, 2, events=20)
    for uuid, poison in zip(school.uuids, POISON, strict=True):
        sim.control("POST", "/emit", {"roomUuid": uuid, **poison})
    school.last_words()
    seconds_pass(school, own_clock, 5, events=20)
    assert StoredEvent.objects.filter(stream="room").count() == sum(
        len(each.logs["room"]) for each in sim.world.rooms.values()
    )
    assert ChatMessage.objects.filter(text="that was all").count() == len(POISON)
    for event in StoredEvent.objects.exclude(unreadable=""):
        assert health.quarantine().filter(event=event).exists(), "shown to the administrator"
    seconds_pass(school, own_clock, 4, events=0)
    assert_nothing_lost_nothing_twice(sim)


def test_poison_event_that_breaks_the_projection_is_read_by_a_later_release(
    sim: RunningSimulator, cloud: Client, own_clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.make_room("r1", state=1)
    sim.room("r1", "enter", userUuid="p1")
    for word in ("before", "poison", "after"):
        sim.room("r1", "chat", userUuid="p1", message=word)

    def too_old(event: Any, at: Any, rows: Any) -> None:
        if getattr(event.data, "text", "") == "poison":
            raise LookupError("this release does not know it")
        project(event, at, rows)

    with monkeypatch.context() as patched:
        patched.setattr(stretches, "project", too_old)
        client = tasks.client()
        assert client is not None
        Poller(client).poll()
        tasks.project_waiting(within_s=5)
    assert list(ChatMessage.objects.values_list("text", flat=True)) == ["before", "after"]
    assert health.health().quarantined == 1
    assert "does not know it" in Quarantine.objects.get().reason
    assert projector.project_again(room("r1").pk).rows > 0
    assert health.health().quarantined == 0
    assert_nothing_lost_nothing_twice(sim)
