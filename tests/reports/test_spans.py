"""Periods in which hands are raised, and in which people are on stage or have the camera on."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.events import EventTime, Stream, decode
from classroom_admin.reports.spans import FOREVER, follow, length, union, within, without
from classroom_admin.sync.replay import Frame
from tests.events.dialects import room as room_properties
from tests.events.dialects import stream
from tests.events.lesson import BEN, START_MS, at, ms, named, person

CAMERA = {"streamUuid": "7", "videoSourceType": 1, "audioSourceType": 1}
Told = tuple[int, int, dict[str, Any]]
"""A second, a `cmd` and the event's data."""


def frames(*told: Told) -> list[Frame]:
    found = []
    for sequence, (second, cmd, data) in enumerate(told, 1):
        raw = {"roomUuid": "r", "cmd": cmd, "sequence": sequence, "ts": ms(second), "data": data}
        event = decode(Stream.ROOM, raw)
        found.append(Frame(ms(second), sequence, event, EventTime(at(second), False)))
    return found


def spans(user_uuid: str, *told: Told) -> dict[str, list[tuple[float, float]]]:
    """Return a person's periods in seconds. A period without an end ends at -1."""
    one = follow(frames(*told)).get(user_uuid)
    kinds = one.spans if one else {}
    return {
        kind: [(_second(start), -1 if stop == FOREVER else _second(stop)) for start, stop in own]
        for kind, own in kinds.items()
        if own
    }


def _second(moment_ms: int) -> float:
    return (moment_ms - START_MS) / 1000


def came(second: int, **more: Any) -> Told:
    return second, 20, {"onlineUsers": [{**BEN, "type": 1, **more}]}


def left(second: int) -> Told:
    return second, 20, {"offlineUsers": [{**BEN, "type": 1}]}


def properties(second: int, changes: dict[str, Any], cmd: int = 4) -> Told:
    (_cmd, data, _beside) = room_properties(changes)
    return second, cmd, data


@pytest.mark.parametrize(
    ("cmd", "field", "kind"), [(1502, "ProgressUsers", "hand"), (1501, "AcceptedUsers", "stage")]
)
def test_events_of_hands_and_the_stage(cmd: int, field: str, kind: str) -> None:
    up, down = {f"add{field}": named("ben")}, {f"remove{field}": named("ben")}
    none = {f"{field[0].lower()}{field[1:]}": []}
    told = [came(0), (1, cmd, up), (3, cmd, down), (5, cmd, up), (9, cmd, none)]
    assert spans("ben", *told) == {kind: [(1, 3), (5, 9)]}


@pytest.mark.parametrize(
    ("process", "name", "kind"), [("waveArm", "progress", "hand"), ("handsUp", "accepted", "stage")]
)
@pytest.mark.parametrize("dotted", [False, True])
def test_properties_of_hands_and_the_stage(process: str, name: str, kind: str, *, dotted: bool) -> None:
    def listed(*users: str) -> dict[str, Any]:
        if dotted:
            return {f"processes.{process}.{name}": named(*users)}
        return {"processes": {process: {name: named(*users)}}}

    told = [
        came(0),
        properties(2, listed("ben")),
        properties(4, listed("ben", "cat")),
        properties(7, listed()),
    ]
    assert spans("ben", *told) == {kind: [(2, 7)]}


def test_a_hand_that_an_event_and_a_property_report_counts_once() -> None:
    by_event = (1, 1502, {"addProgressUsers": named("ben")})
    by_property = properties(2, {"processes": {"waveArm": {"progress": named("ben")}}})
    lowered = properties(5, {"processes": {"waveArm": {"progress": []}}})
    assert spans("ben", came(0), by_event, by_property, lowered) == {"hand": [(1, 5)]}


def test_an_invitation_to_the_stage_is_no_hand() -> None:
    assert spans("ben", came(0), properties(1, {"processes": {"handsUp": {"progress": named("ben")}}})) == {}


def test_a_camera_is_on_while_it_is_published() -> None:
    on, off = (
        (second, *stream(BEN, action, CAMERA, videoState=state)[:2])
        for second, action, state in ((1, 0, 1), (4, 1, 0))
    )
    again = (6, *stream(BEN, 1, CAMERA, videoState=1)[:2])
    ended = (8, *stream(BEN, 2, CAMERA)[:2])
    assert spans("ben", came(0), on, off, again, ended) == {"camera": [(1, 4), (6, 8)]}


def test_a_shared_screen_is_no_camera() -> None:
    screen = {"streamUuid": "8", "videoSourceType": 2, "audioSourceType": 0}
    assert spans("ben", came(0), (1, *stream(BEN, 0, screen, videoState=1)[:2])) == {}


def test_everything_ends_when_the_person_leaves() -> None:
    told = [
        came(0, streams=[{**CAMERA, "videoState": 1}]),
        (1, 1502, {"addProgressUsers": named("ben")}),
        (2, 1501, {"addAcceptedUsers": named("ben")}),
    ]
    ends = {"camera": [(0, 9)], "hand": [(1, 9)], "stage": [(2, 9)]}
    assert spans("ben", *told, left(9)) == ends
    assert spans("ben", *told, (9, 1, {"state": 3})) == ends, "the class closed"
    own = {**BEN, "type": 1, "updateTime": ms(8)}
    assert spans("ben", *told, (9, 20, {"offlineUsers": [own]}))["hand"] == [(1, 8)]
    assert spans("ben", *told) == {"camera": [(0, -1)], "hand": [(1, -1)], "stage": [(2, -1)]}


def test_a_person_whose_arrival_is_missing_can_be_on_stage() -> None:
    told = [
        left(3),
        (5, 1501, {"addAcceptedUsers": named("ben")}),
        (8, 1501, {"removeAcceptedUsers": named("ben")}),
    ]
    assert spans("ben", *told) == {"stage": [(5, 8)]}
    assert spans("dan", (5, 1501, {"addAcceptedUsers": [person("dan")]})) == {"stage": [(5, -1)]}


def test_union() -> None:
    assert union([(5, 9), (1, 3), (3, 4), (8, 12), (20, 20), (30, 29)]) == [(1, 4), (5, 12)]
    assert union([]) == []


def test_within() -> None:
    assert within([(1, 5), (7, FOREVER)], 3, 10) == [(3, 5), (7, 10)]
    assert within([(1, 5)], None, 3) == [(1, 3)]
    assert within([(1, 5)], 5, 9) == []


def test_without_pauses() -> None:
    assert without((0, 10), []) == [(0, 10)]
    assert without((0, 10), [(2, 4), (3, 5), (9, FOREVER)]) == [(0, 2), (5, 9)]
    assert without((0, 10), [(0, FOREVER)]) == []
    assert without((5, 10), [(0, 2), (12, 20)]) == [(5, 10)]


def test_length() -> None:
    assert length([(1, 4), (5, 12)]) == 10
