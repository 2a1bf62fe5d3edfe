"""Which events confirm a command."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.events import Stream, confirms, decode

ON_HOLD = {"path": ["record", "onhold"], "value": True}
CASES: list[tuple[int, dict[str, Any], dict[str, Any], bool]] = [
    (1, {"state": 1}, {"state": 1, "startTime": 5}, True),
    (1, {"state": 1}, {"state": "1"}, True),
    (1, {"state": 2}, {"state": 1}, False),
    (20, {"offline": "p1"}, {"offlineUsers": [{"userUuid": "p1", "type": 2}]}, True),
    (20, {"offline": "p1"}, {"offlineUsers": [{"userUuid": "p2", "type": 2}]}, False),
    (20, {"offline": "p1"}, {"onlineUsers": [{"userUuid": "p1", "type": 1}]}, False),
    (1001, {"state": 1}, {"state": 1, "recordId": "r"}, True),
    (1001, {"state": 0}, {"state": 0}, True),
    (1001, {"state": 0}, {"state": 2}, True),
    (1001, {"state": 0}, {"state": 1}, False),
    (1003, {"action": 1, "resource_uuids": ["a"]}, {"action": 1, "resources": [{"resourceUuid": "a"}]}, True),
    (
        1003,
        {"action": 2, "resource_uuids": ["a"]},
        {"action": 1, "resources": [{"resourceUuid": "a"}]},
        False,
    ),
    (
        1003,
        {"action": 2, "resource_uuids": ["a", "b"]},
        {"action": 2, "resources": [{"resourceUuid": "a"}]},
        False,
    ),
    (
        1003,
        {"action": 2, "resource_uuids": ["a", "b"]},
        {"action": 2, "resources": [{"resourceUuid": "b"}, {"resourceUuid": "a"}]},
        True,
    ),
    (4, {"property_names": ["a", "b.c"]}, {"action": 0, "changeProperties": {"a": 1, "b": {"c": 2}}}, True),
    (4, {"property_names": ["a"]}, {"action": 0, "changeProperties": {"z": 1}}, False),
    (4, ON_HOLD, {"action": 0, "changeProperties": {"record": {"onhold": True}}}, True),
    (4, ON_HOLD, {"action": 0, "changeProperties": {"record.onhold": "true"}}, True),
    (4, ON_HOLD, {"action": 0, "changeProperties": {"record": {"state": 1, "onhold": 1}}}, True),
    (4, ON_HOLD, {"action": 0, "changeProperties": {"record": {"onhold": False}}}, False),
    (4, ON_HOLD, {"action": 0, "changeProperties": {"record": {"ready": 1}}}, False),
    (
        22,
        {"user_uuid": "p1", "property_names": ["a"]},
        {"action": 0, "fromUser": {"userUuid": "p1"}, "changeProperties": {"a": 1}},
        True,
    ),
    (
        22,
        {"user_uuid": "p2", "property_names": ["a"]},
        {"action": 0, "fromUser": {"userUuid": "p1"}, "changeProperties": {"a": 1}},
        False,
    ),
]


@pytest.mark.parametrize(("cmd", "match", "data", "expected"), CASES)
def test_what_an_event_must_carry(
    cmd: int, match: dict[str, Any], data: dict[str, Any], expected: bool
) -> None:
    event = decode(Stream.ROOM, {"roomUuid": "r", "cmd": cmd, "sequence": 5, "ts": 1, "data": data})
    assert confirms(event, cmd=cmd, match=match, since_sequence=4) is expected
    assert not confirms(event, cmd=cmd, match=match, since_sequence=5), "it happened before"
    assert not confirms(event, cmd=7, match=match, since_sequence=4)


def test_a_batch_confirms_what_a_single_change_confirms() -> None:
    properties = {"changeProperties": {"a": 1}, "fromUser": {"userUuid": "p1"}}
    for cmd, batch in ((4, 5), (22, 23)):
        event = decode(Stream.ROOM, {"roomUuid": "r", "cmd": batch, "sequence": 5, "data": properties})
        match = {"property_names": ["a"], "user_uuid": "p1"}
        assert confirms(event, cmd=cmd, match=match, since_sequence=4)


def test_breakout_rooms_and_extensions_are_confirmed_by_their_properties() -> None:
    def confirmed(changes: dict[str, Any], match: dict[str, Any]) -> bool:
        data = {"changeProperties": changes}
        event = decode(Stream.ROOM, {"roomUuid": "r", "cmd": 4, "sequence": 5, "data": data})
        return confirms(event, cmd=4, match=match, since_sequence=0)

    assert confirmed({"groups.state": 1}, {"groups": True})
    assert not confirmed({"page": 1}, {"groups": True})
    clock = {"ext_app": "clock", "property_names": ["state", "left.seconds"]}
    assert confirmed({"extApps": {"clock": {"state": 1, "left": {}}}}, clock)
    assert confirmed({"extApps.clock.state": 1, "extApps.clock.left": 2}, clock)
    assert not confirmed({"extApps": {"dice": {"state": 1, "left": 1}}}, clock)
    assert not confirmed({"extApps.clock": 5}, clock)
