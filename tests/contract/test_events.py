"""Every event of a simulated school, in each dialect and with variations, matches the schema of its type."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.contract.document import event_schemas, schema_of, validator

SCHEMAS = {"room": "RoomEvent", "popupQuiz": "QuizEvent", "poll": "PollEvent"}
STEP_MS = 15_000
MINUTES = 10


# The event types that a dialect does not use.
UNUSED = {"2021": {24, 25, 1110}, "2023": {24, 25}, "sdk": {4, 22, 1110}}


@pytest.fixture(scope="module", params=[(3, "2021"), (11, "2021"), (3, "2023"), (11, "sdk")], ids=str)
def school(request: pytest.FixtureRequest) -> Iterator[RunningSimulator]:
    """Ten minutes of a simulated school with a stepped clock."""
    seed, dialect = request.param
    with running_simulator(seed=seed, dialect=dialect, stepped=True) as sim:
        for _ in range(MINUTES * 60_000 // STEP_MS):
            sim.step(STEP_MS)
        yield sim


def test_every_event_matches_the_schema_of_its_type(school: RunningSimulator) -> None:
    events = school.do(lambda world: [(event.stream, event.raw) for event in world.events])
    assert len(events) > 500
    checked_by = {stream: validator(schema_of(name)) for stream, name in SCHEMAS.items()}
    wrong = []
    for stream, raw in events:
        for error in checked_by[stream].iter_errors(json.loads(raw)):
            wrong.append(f"{stream} {raw[:300]!r}: {error.message[:200]}")
    assert wrong == []


def test_every_event_type_occurs(school: RunningSimulator) -> None:
    kinds = school.do(lambda world: {event.cmd for event in world.events if event.stream == "room"})
    unused = UNUSED[school.cloud.settings.dialect]
    assert kinds >= event_schemas().keys() - unused
    assert not kinds & unused
    streams = school.do(lambda world: Counter(event.stream for event in world.events))
    assert streams["popupQuiz"] > 5
    assert streams["poll"] > 5


def test_variations_of_the_contract_occur(school: RunningSimulator) -> None:
    """Without variations, the school would not exercise the schemas."""
    if school.cloud.settings.dialect == "sdk":
        pytest.skip("the newest dialect has fewer variations")
    raw = school.do(lambda world: b"\n".join(event.raw for event in world.events))
    for odd in (b'"role":"', b'"extra.', b'"totalReward"', b'"cause":"{', b'"traceInfo"', b'"updateTime":"'):
        assert odd in raw, odd


def test_direct_messages_match_their_schema(school: RunningSimulator) -> None:
    schemas = {1: validator(schema_of("PeerChat")), 99: validator(schema_of("PeerMessage"))}
    notices = school.do(lambda world: [relayed["notification"] for relayed in world.peer_messages])
    assert {notice["cmd"] for notice in notices} >= {1}
    for notice in notices:
        assert list(schemas[notice["cmd"]].iter_errors(notice["data"])) == []
