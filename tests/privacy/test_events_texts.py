"""Texts are removed from events of every shape, and nothing else that the projection needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from classroom_admin.events import EventTime, Rows, Stream, Undecodable, decode, project
from classroom_admin.events.deletion import without_text
from classroom_admin.events.times import EPOCH

SECRET = "Zeisig"
SENDER = {"userUuid": "ada", "userName": "Ada", "role": 2, "note": SECRET}
ROOM_MESSAGES: list[tuple[int, Any]] = [
    (3, {"fromUser": SENDER, "message": SECRET, "type": 1}),
    (3, json.dumps({"fromUser": SENDER, "message": SECRET})),
    (3, {"fromUser": SENDER, "message": {"deep": [SECRET]}, "more": {"copy": SECRET}}),
    (3, {"message": SECRET, "deletedByRetention": True, "updateTime": 1_763_757_600_000}),
    (21, {"fromUser": SENDER, "message": SECRET}),
    (99, {"fromUser": SENDER, "message": [SECRET]}),
]


def event(cmd: int, data: Any, **more: Any) -> dict[str, Any]:
    return {"roomUuid": "r", "cmd": cmd, "sequence": 7, "ts": 1_763_757_600_000, "data": data, **more}


def row_of(stream: Stream, raw: str, *, digest: str = "") -> Any:
    decoded = decode(stream, json.loads(raw))
    if digest:
        decoded.digest, decoded.sequence = digest, 5
    rows = Rows()
    project(decoded, EventTime(EPOCH, False), rows)
    (row,) = rows.messages.values()
    return row, rows.room, decoded.ts_ms


@pytest.mark.parametrize(("cmd", "data"), ROOM_MESSAGES)
def test_a_message_keeps_everything_but_its_text(cmd: int, data: Any) -> None:
    raw = json.dumps(event(cmd, data, trace={"copy": SECRET}))
    before, room_before, ts_before = row_of(Stream.ROOM, raw)
    left = without_text("room", raw, kind=before.kind)
    assert left is not None
    assert SECRET not in left
    after, room_after, ts_after = row_of(Stream.ROOM, left)
    assert (after.text, after.deleted) == ("", True)
    before.text, before.deleted = "", True
    assert (after, room_after, ts_after) == (before, room_before, ts_before)
    assert without_text("room", left, kind=before.kind) is None


@pytest.mark.parametrize(
    "body",
    [
        {"type": "txt", "msg": SECRET},
        {"msg": SECRET},
        {"type": "file", "filename": SECRET, "url": SECRET},
        {"type": "custom", "customEvent": SECRET, "customExts": {"a": SECRET}},
    ],
)
def test_a_message_of_agora_chat_keeps_everything_but_its_text(body: dict[str, Any]) -> None:
    payload = {"bodies": [body], "ext": {"nickName": "Ada", "role": 2, "more": SECRET}}
    message = {
        "roomUuid": "r", "msg_id": "1", "chatRoomId": "2", "timestamp": 1_763_757_600_000,
        "ts": 1_763_757_600_000, "from": "ada", "chatUserUuid": "ada", "payload": payload, "extra": SECRET,
    }  # fmt: skip
    raw = json.dumps(message)
    before, room_before, ts_before = row_of(Stream.CHAT, raw, digest="d")
    left = without_text("chat", raw, kind=before.kind)
    assert left is not None
    assert SECRET not in left
    after, room_after, ts_after = row_of(Stream.CHAT, left, digest="d")
    assert (after.text, after.deleted) == ("", True)
    before.text, before.deleted = "", True
    assert (after, room_after, ts_after) == (before, room_before, ts_before)
    assert without_text("chat", left, kind=before.kind) is None


@pytest.mark.parametrize("data", [{"other": SECRET}, [SECRET], SECRET, None, 5])
def test_an_unreadable_message_stays_unreadable(data: Any) -> None:
    raw = json.dumps(event(3, data))
    with pytest.raises(Undecodable):
        decode(Stream.ROOM, json.loads(raw))
    left = without_text("room", raw, kind="")
    assert left is not None
    assert SECRET not in left
    with pytest.raises(Undecodable):
        decode(Stream.ROOM, json.loads(left))


@pytest.mark.parametrize(
    ("stream", "raw"),
    [
        ("room", event(1, {"state": 1, "message": "m"})),
        ("room", event(21, {"users": [{"userUuid": "ada", "muteChat": True}]})),
        ("popupQuiz", {"sequence": 1, "message": "m"}),
        ("chat", {"msg_id": "1", "payload": {"bodies": [{"type": "cmd", "action": "mute"}]}}),
        ("room", [1]),
    ],
)
def test_other_events_stay_as_they_are(stream: str, raw: Any) -> None:
    assert without_text(stream, json.dumps(raw), kind="") is None
