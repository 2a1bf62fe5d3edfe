"""From raw event to typed event: one reader a kind."""

from collections.abc import Callable, Mapping
from typing import Any

from classroom_admin.sync.decode.classroom import (
    class_state,
    recording,
    resources,
    room_properties,
    user_properties,
)
from classroom_admin.sync.decode.event import Event, Identity, Stream, Undecodable
from classroom_admin.sync.decode.kinds import Data, Message, PollChange, QuizChange, Unknown
from classroom_admin.sync.decode.people import (
    hands,
    message,
    movement,
    rewards,
    stage,
    streams,
    user_state,
)
from classroom_admin.sync.decode.values import Raw, identifier, mapping, moment, whole
from classroom_admin.sync.decode.widgets import poll, quiz

ROOM_ID_LENGTH = 64

Reader = Callable[[Raw, list[str]], Data]


def _chat(data: Raw, odd: list[str]) -> Message:
    return message("chat", data)


def _custom(data: Raw, odd: list[str]) -> Message:
    return message("custom", data)


ROOM: dict[int, Reader] = {
    1: class_state,
    3: _chat,
    4: room_properties,
    5: room_properties,
    20: movement,
    21: user_state,
    22: user_properties,
    23: user_properties,
    40: streams,
    41: streams,
    99: _custom,
    1001: recording,
    1003: resources,
    1101: rewards,
    1501: stage,
    1502: hands,
}


def _peer_chat(data: Raw, odd: list[str]) -> Message:
    return _to_one(message("chat", data), data)


def _peer_custom(data: Raw, odd: list[str]) -> Message:
    return _to_one(message("custom", data), data)


def _to_one(found: Message, data: Raw) -> Message:
    found.to = identifier(data.get(TO_USER))
    return found


TO_USER = "toUserUuid"
PEER: dict[int, Reader] = {1: _peer_chat, 99: _peer_custom}

# Where an event has no `ts`: the fields of its data that tell when it happened. A start time is the time of
# the event only where the event is the start.
LISTS = {20: ("onlineUsers", "offlineUsers"), 41: ("streams",), 1003: ("resources",)}
CLASS_TIMES = {1: "startTime", 2: "endTime", 3: "closeTime"}


def identify(raw: dict[str, Any], stream: Stream = Stream.ROOM, *, room_uuid: str | None = None) -> Identity:
    """Read an event's place. `room_uuid`: the room that was asked for, where the event names none itself.

    Raises Undecodable where it has no place: no object, no room, no number. A widget's event may lack the
    room, a peer message both. `ts_ms` is the event's own time only (None for an absurd one).
    """
    if not isinstance(raw, Mapping):
        raise Undecodable("an event that is not an object")
    room = identifier(raw.get("roomUuid"), ROOM_ID_LENGTH) or room_uuid
    sequence = whole(raw.get("sequence"))
    if stream is Stream.ROOM and room is None:
        raise Undecodable("an event without its room")
    if stream is not Stream.PEER and (sequence is None or sequence < 0):
        raise Undecodable("an event without a usable sequence number")
    return Identity(room, sequence, _cmd(raw), moment(raw.get("ts")))


def _cmd(raw: Raw) -> int | None:
    """The kind; one that is no 64-bit number is a kind that we don't know."""
    try:
        return whole(raw.get("cmd"))
    except Undecodable:
        return None


def decode(stream: Stream, raw: dict[str, Any]) -> Event:
    """Read an event. A kind that we don't know gives `Unknown`.

    Raises Undecodable where a known kind can't be read.
    Parts that can't be read while the rest can (one user of many) are named in `Event.odd`.
    """
    if not isinstance(raw, Mapping):
        raise Undecodable("an event that is not an object")
    sequence = whole(raw.get("sequence"))
    if stream is not Stream.PEER and (sequence is None or sequence < 0):
        raise Undecodable("an event without a usable sequence number")
    cmd = _cmd(raw)
    if cmd is None and stream in (Stream.ROOM, Stream.PEER):
        raise Undecodable("an event without its kind")
    odd: list[str] = []
    read = _reader(stream, cmd)
    ts_ms = moment(raw.get("ts"))
    if read is None:
        return Event(stream, sequence or 0, cmd, ts_ms, Unknown())
    fields = _data(stream, raw)
    data = read(fields, odd)
    if ts_ms is None:
        ts_ms = _question_time(data) if isinstance(data, QuizChange | PollChange) else _own_time(cmd, fields)
    return Event(stream, sequence or 0, cmd, ts_ms, data, tuple(odd))


def _reader(stream: Stream, cmd: int | None) -> Reader | None:
    if stream is Stream.ROOM:
        return ROOM.get(cmd or 0)
    if stream is Stream.QUIZ:
        return quiz
    if stream is Stream.POLL:
        return poll
    return PEER.get(cmd or 0)


def _data(stream: Stream, raw: Raw) -> Raw:
    data = raw.get("data")
    if isinstance(data, Mapping):
        # who received a peer message stands beside its data
        return {**data, TO_USER: raw[TO_USER]} if stream is Stream.PEER and raw.get(TO_USER) else data
    if isinstance(data, str):
        read = mapping(data)
        if read:
            return read
    if data is None and stream in (Stream.QUIZ, Stream.POLL):
        return raw
    if isinstance(data, list) and raw.get("cmd") in (5, 23, 41, "5", "23", "41"):
        return {"streams" if raw.get("cmd") in (41, "41") else "changes": data}
    raise Undecodable("an event whose data is not an object")


def _question_time(data: QuizChange | PollChange) -> int | None:
    if data.answer is not None:
        return data.answer.at_ms
    return data.started_ms if isinstance(data, QuizChange) and data.running else None


def _own_time(cmd: int | None, data: Raw) -> int | None:
    """When an event without `ts` happened, by its own fields; None where they don't tell."""
    found = moment(data.get("updateTime"))
    if found is not None:
        return found
    if cmd == 1:
        return moment(data.get(CLASS_TIMES.get(whole(data.get("state")) or 0, "")))
    if cmd == 1001:
        return moment(data.get("startTime" if whole(data.get("state")) == 1 else "endTime"))
    return _latest(data, LISTS[cmd]) if cmd in LISTS else None


def _latest(data: Raw, names: tuple[str, ...]) -> int | None:
    times = [
        moment(item.get("updateTime"))
        for name in names
        if isinstance(data.get(name), list)
        for item in data[name]
        if isinstance(item, Mapping)
    ]
    return max((time for time in times if time is not None), default=None)
