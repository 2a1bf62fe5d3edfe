"""Stored once, projected once; in parts or from nothing, in any order of arrival: the same. (Invariant 2.)"""

from __future__ import annotations

import json
import random
import time
from datetime import timedelta
from typing import Any

import pytest

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.rooms import models as tables
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync import inbox, projector, stretches
from classroom_admin.sync.models import InboxAnswer, Quarantine, StoredEvent
from classroom_admin.sync.polling import Poller
from tests.stepped_clock import SteppedClock
from tests.sync.comparison import assert_all_stored_once, stored
from tests.sync.conftest import room, sync_once

pytestmark = pytest.mark.django_db(transaction=True)

READ_MODELS = (
    tables.Participant,
    tables.Presence,
    tables.ChatMessage,
    tables.PeerMessage,
    tables.Recording,
    tables.Resource,
    tables.Quiz,
    tables.Poll,
    tables.Answer,
)
OURS = {"id", "room", "room_id", "version", "key", "known_since", "last_event_id"}


def arrive(events: list[dict[str, Any]], *, source: str = InboxAnswer.Source.POLL) -> inbox.Found:
    """Let an answer with these events come in."""
    body = json.dumps({"code": 0, "msg": "Success", "ts": 1, "data": events}).encode()
    raw = RawAnswer(body=body, http_status=200, received_at_ms=clock.now_ms(), request_id=None, path="")
    return inbox.read(inbox.keep(raw, source=InboxAnswer.Source(source)).pk)


def picture() -> dict[str, list[str]]:
    """All projected rows, without what differs by the way they came about."""
    rows: dict[str, list[str]] = {}
    for model in (tables.Room, *READ_MODELS):
        columns = [field.attname for field in model._meta.concrete_fields if field.attname not in OURS]
        named = "room_uuid" if model is tables.Room else "room__room_uuid"
        rows[model.__name__] = sorted(map(repr, model.objects.values_list(named, *columns)))
    return rows


def school_events(seed: int, *, all_timed: bool) -> list[dict[str, Any]]:
    """All that happened in the rooms of a playing school, in order, odd shapes included.

    `all_timed`: with the time in each event; the others take theirs from their receipt.
    """
    with running_simulator(seed=seed, stepped=True, start_ms=int(time.time() * 1000) - 100_000) as sim:
        for _ in range(5):
            sim.step(20_000)
        emitted = [each for each in sim.oracle()["events"] if each["stream"] == "room"]
    events = [(json.loads(each["raw"]), each["at"]) for each in emitted]
    return [{"ts": at, **event} if all_timed else event for event, at in events]


def project_all(*, past_gaps: bool = True) -> None:
    for room_id in projector.waiting_rooms():
        projector.project_room(room_id, past_gaps=past_gaps)


def arrive_in_disorder(events: list[dict[str, Any]], chance: random.Random) -> None:
    """Some come late, some twice; projections happen in between, before and after gaps are due."""
    late = sorted(enumerate(events), key=lambda pair: pair[0] + chance.choice((0, 0, 0, 5, 40)))
    disordered = [event for _index, event in late]
    start = 0
    while start < len(disordered):
        size = chance.randint(1, 60)
        twice = chance.sample(disordered[:start], min(start, 5))
        arrive(disordered[start : start + size] + twice)
        start += size
        project_all(past_gaps=chance.random() < 0.5)
    project_all()


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_and_any_batches_give_the_same_rows(seed: int) -> None:
    events = school_events(seed, all_timed=True)
    arrive(events)
    project_all()
    in_order = picture()
    assert sum(len(rows) for rows in in_order.values()) > 50
    tables.Room.objects.all().delete()

    arrive_in_disorder(events, random.Random(seed))
    assert set(stored().values()) == {1}
    assert sum(stored().values()) == len(events)
    for table, rows in picture().items():
        assert rows == in_order[table], table


@pytest.mark.parametrize("seed", [3, 4])
def test_projecting_in_parts_gives_what_projecting_from_nothing_gives(seed: int, hands: SteppedClock) -> None:
    """Also for events without a time, and with a clock that stands still or is set back."""
    events = school_events(seed, all_timed=False)
    assert any("ts" not in event for event in events)
    third = len(events) // 3
    arrive_in_disorder(events[:third], random.Random(seed))
    hands.set_wall(clock.now() - timedelta(hours=1))
    arrive_in_disorder(events[third : 2 * third], random.Random(seed))
    hands.step(10)
    arrive_in_disorder(events[2 * third :], random.Random(seed))
    before = picture()
    for room_id in tables.Room.objects.values_list("id", flat=True):
        assert projector.project_again(room_id).rows == 0
    assert picture() == before


def test_duplicates_and_reorder_in_the_stream(sim: RunningSimulator, cloud: Client) -> None:
    sim.fault("duplicate", route="poll", params={"share": 0.7})
    sim.fault("reorder", route="poll")
    sim.make_room("r1", roomName="One", state=1)
    for number in range(40):
        sim.room("r1", "enter", userUuid=f"p{number}")
        if number % 7 == 0:
            Poller(cloud).poll()
    assert sync_once() == ""
    assert_all_stored_once(sim)
    assert room("r1").people_online == 40
    assert not Quarantine.objects.exists()
    assert projector.project_again(room("r1").pk).rows == 0


def test_streams_of_a_room_are_numbered_each_by_itself(sim: RunningSimulator, cloud: Client) -> None:
    sim.make_room("r1", state=1)
    sim.room("r1", "enter", userUuid="t1", role=1)
    sim.room("r1", "quiz", userUuid="t1", items=["A", "B"], correctItems=["B"])
    sim.room("r1", "poll", userUuid="t1", pollItems=["x", "y"])
    assert sync_once() == ""
    assert {stream for _room, stream, number in stored() if number == 1} == {"room", "popupQuiz", "poll"}


def test_a_number_used_twice_for_different_events_is_not_lost(db: None) -> None:
    first = {"roomUuid": "r", "cmd": 3, "sequence": 1, "ts": 1_700_000_000_000, "data": {"message": "one"}}
    second = {**first, "ts": 1_700_000_009_000, "data": {"message": "two"}}
    arrive([first])
    arrive([second, {**first, "operator": {"userUuid": "x"}}])
    assert StoredEvent.objects.count() == 1
    assert json.loads(Quarantine.objects.get().raw) == second


def test_a_peer_message_is_known_by_its_content(db: None) -> None:
    peer = {
        "roomUuid": "r",
        "cmd": 1,
        "ts": 1_700_000_000_000,
        "data": {"fromUser": {"userUuid": "a"}, "message": "psst"},
    }
    arrive([peer, peer, {**peer, "ts": 1_700_000_000_001}])
    arrive([peer])
    project_all()
    assert StoredEvent.objects.filter(stream="peer", sequence=None).count() == 2
    assert not tables.ChatMessage.objects.exists()
    assert list(tables.PeerMessage.objects.values_list("text", flat=True)) == ["psst", "psst"]
    assert room("r").event_count == 0


def test_an_event_that_breaks_the_projection_is_set_aside_and_its_room_goes_on(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    def chat(number: int, text: str) -> dict[str, Any]:
        data = {"fromUser": {"userUuid": "p"}, "message": text}
        return {"roomUuid": "r", "cmd": 3, "sequence": number, "ts": 1_700_000_000_000 + number, "data": data}

    real = stretches.project

    def poisoned(event: Any, at: Any, rows: Any) -> None:
        if getattr(event.data, "text", "") == "poison":
            raise KeyError("nobody thought of this")
        real(event, at, rows)

    arrive([chat(1, "a"), chat(2, "poison"), chat(3, "b")])
    with monkeypatch.context() as patched:
        patched.setattr(stretches, "project", poisoned)
        project_all()
        assert list(tables.ChatMessage.objects.values_list("text", flat=True)) == ["a", "b"]
        event = StoredEvent.objects.get(sequence=2)
        assert "nobody thought of this" in event.unreadable
        assert Quarantine.objects.get(event=event).resolved_at is None
        assert projector.project_again(room("r").pk).rows == 0
    # A later release can project it.
    assert projector.project_again(room("r").pk).rows > 0
    assert list(tables.ChatMessage.objects.order_by("sequence").values_list("text", flat=True)) == [
        "a",
        "poison",
        "b",
    ]
    assert Quarantine.objects.get().resolved_at is not None
