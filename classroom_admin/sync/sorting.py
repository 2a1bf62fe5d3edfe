"""Group the events of a cloud response by room and stream, without using the database or a clock."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom_admin.agora.answers import EventsAnswer
from classroom_admin.common.json_reading import as_json
from classroom_admin.events import EventKind, Stream, Undecodable, identify

Place = tuple[str, str]
"""A tuple (room_uuid, stream) that identifies a stream of a room."""

HIGHEST_KIND = 2**31 - 1
_by_name = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
PEER_KINDS = [str(kind.cmd) for kind in EventKind if kind.stream is Stream.PEER]


@dataclass(slots=True, kw_only=True)
class Item:
    """An event in a response, with its JSON (`raw`). A message without a number has a `digest`."""

    sequence: int | None
    digest: str
    cmd: int | None
    ts_ms: int | None
    raw: str

    def differs_from(self, *, cmd: int | None, ts_ms: int | None) -> bool:
        """Return whether a stored event with this type and time is a different event.

        A missing time is equal to every time.
        """
        same_time = self.ts_ms is None or ts_ms is None or self.ts_ms == ts_ms
        return self.cmd != cmd or not same_time


@dataclass(slots=True)
class Sorted:
    """The events of a response, grouped by room and stream.

    `places` contains the events by room and stream, then by sequence number or digest. `aside` contains
    tuples (reason, JSON) for events that can't be stored. `repeats` contains events with a number that an
    earlier, different event in the response has.
    """

    places: dict[Place, dict[int | str, Item]] = field(default_factory=lambda: defaultdict(dict))
    aside: list[tuple[str, str]] = field(default_factory=list)
    repeats: list[tuple[Place, Item]] = field(default_factory=list)


def sort(content: EventsAnswer, *, stream: Stream, room_uuid: str) -> Sorted:
    """Group the events of a response. `room_uuid` is the requested room, or "" for all rooms."""
    result = Sorted(aside=list(content.unreadable))
    for raw in content.events:
        of_peer = stream is Stream.ROOM and raw.get("sequence") is None and _is_peer_message(raw)
        try:
            add(result, raw, stream=Stream.PEER if of_peer else stream, room_uuid=room_uuid)
        except Undecodable as error:
            result.aside.append((error.reason, as_json(raw)))
    return result


def add(result: Sorted, raw: Mapping[str, Any], *, stream: Stream, room_uuid: str) -> None:
    """Add an event to `result`. Raise Undecodable if it lacks a valid room or sequence number."""
    place, item = _place(raw, stream=stream, room_uuid=room_uuid)
    name = item.digest if item.sequence is None else item.sequence
    earlier = result.places[place].setdefault(name, item)
    if earlier is not item and item.differs_from(cmd=earlier.cmd, ts_ms=earlier.ts_ms):
        result.repeats.append((place, item))


def used_before(item: Item) -> str:
    return f"Number {item.sequence} came before with another event; the first is kept."


def _place(raw: Mapping[str, Any], *, stream: Stream, room_uuid: str) -> tuple[Place, Item]:
    identity = identify(raw, stream, room_uuid=room_uuid or None)
    if not identity.room_uuid:
        raise Undecodable("The event names no room.")
    cmd = identity.cmd if identity.cmd is not None and abs(identity.cmd) <= HIGHEST_KIND else None
    digest, sequence = "", identity.sequence
    if stream is Stream.PEER:
        # Sort the fields, so the digest does not depend on their order.
        sequence, digest = None, _digest(_by_name(raw))
    elif stream is Stream.CHAT:
        sequence, digest = None, chat_digest(raw)
    elif not sequence:
        raise Undecodable(f"The event's number is out of range: {str(sequence)[:40]}.")
    item = Item(sequence=sequence, digest=digest, cmd=cmd, ts_ms=identity.ts_ms, raw=as_json(raw))
    return (identity.room_uuid, str(stream)), item


def chat_digest(message: Mapping[str, Any]) -> str:
    """Return a digest that identifies a message of Agora Chat. It is the same for all sources."""
    return _digest(f"{message['chatRoomId']}:{message['msg_id']}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _is_peer_message(raw: Mapping[str, Any]) -> bool:
    data = raw.get("data")
    return str(raw.get("cmd")) in PEER_KINDS and isinstance(data, Mapping) and "message" in data


def storable(body: bytes) -> str:
    """Return a response's bytes as text that every database can store.

    Replace NUL characters and bytes that are not valid UTF-8 with U+FFFD.
    """
    return body.decode("utf-8", errors="replace").replace("\x00", "�")
