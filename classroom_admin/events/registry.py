"""Collect the event types that this package's modules declare, and use them to handle any event."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.utils.translation import gettext as _

from classroom_admin import events as package
from classroom_admin.events.event import Event, EventKind, EventType, Identity, Match, Stream
from classroom_admin.events.rows import Needs, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import Raw, Undecodable, identifier, moment, whole

ROOM_ID_LENGTH = 64
AnyEvent = Event[Any]


def _collect() -> dict[Stream, dict[int | None, EventType[Any]]]:
    """Return the `TYPES` of all modules by stream and `cmd`. Raise ValueError if a kind is declared twice."""
    found: dict[Stream, dict[int | None, EventType[Any]]] = {stream: {} for stream in Stream}
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        if module.name == __name__:
            continue
        for declared in getattr(import_module(module.name), "TYPES", ()):
            for kind in declared.kinds:
                if found[kind.stream].setdefault(kind.cmd, declared) is not declared:
                    raise ValueError(f"{kind} is declared twice")
    return found


_TYPES = _collect()


def type_of(stream: Stream, cmd: int | None) -> EventType[Any] | None:
    """Return the declaration for events with this `cmd`, or None if this release does not know them."""
    of_stream = _TYPES[stream]
    return of_stream.get(cmd) or of_stream.get(None)


def filters() -> list[EventType[Any]]:
    """Return the event types that people can filter by, in the order of `EventKind`."""
    types = [type_of(kind.stream, kind.cmd) for kind in EventKind]
    named = {declared.name: declared for declared in types if declared is not None and declared.name}
    return list(named.values())


def identify(raw: object, stream: Stream = Stream.ROOM, *, room_uuid: str | None = None) -> Identity:
    """Return the room, sequence, `cmd` and time of an event. Use `room_uuid` if the event names no room.

    Raise Undecodable if the event is not an object, or lacks a required room or sequence. Quiz and poll
    events need no room; direct messages need neither room nor sequence. `ts_ms` is None if `ts` is missing or
    invalid.
    """
    if not isinstance(raw, Mapping):
        raise Undecodable("an event that is not an object")
    room = identifier(raw.get("roomUuid"), ROOM_ID_LENGTH) or room_uuid
    if stream is Stream.ROOM and room is None:
        raise Undecodable("an event without its room")
    return Identity(room, _sequence(raw, stream), _cmd(raw), moment(raw.get("ts")))


def _sequence(raw: Raw, stream: Stream) -> int | None:
    sequence = whole(raw.get("sequence"))
    if stream is not Stream.PEER and (sequence is None or sequence < 0):
        raise Undecodable("an event without a usable sequence number")
    return sequence


def _cmd(raw: Raw) -> int | None:
    """Return the event's `cmd`, or None if it is not a number of at most 64 bits."""
    try:
        return whole(raw.get("cmd"))
    except Undecodable:
        return None


def decode(stream: Stream, raw: object) -> AnyEvent:
    """Decode an event. If its type is unknown, its `type` and `data` are None.

    Raise Undecodable if the event can't be read. If only a part can't be read, such as one of many users,
    name that part in `Event.odd`.
    """
    if not isinstance(raw, Mapping):
        raise Undecodable("an event that is not an object")
    sequence = _sequence(raw, stream) or 0
    cmd = _cmd(raw)
    if cmd is None and stream in (Stream.ROOM, Stream.PEER):
        raise Undecodable("an event without its kind")
    ts_ms = moment(raw.get("ts"))
    found = type_of(stream, cmd)
    if found is None:
        return Event(stream, sequence, cmd, ts_ms, None)
    odd: list[str] = []
    fields = found.fields(raw)
    data = found.decode(fields, odd)
    if ts_ms is None:
        ts_ms = found.own_time(data, fields)
    return Event(stream, sequence, cmd, ts_ms, data, found, tuple(odd))


def needs(events: Iterable[AnyEvent]) -> Needs:
    """Return which rows the projection of these events may read or change, in batches of any size."""
    needed = Needs()
    for event in events:
        if event.type is not None and event.type.needs is not None:
            event.type.needs(event, needed)
    return needed


def project(event: AnyEvent, time: EventTime, rows: Rows) -> None:
    """Apply one event to the rows, and add the keys of the changed rows to `rows.dirty`.

    Project the events of a stream in sequence order. `rows` must contain the rows that `needs` returned. The
    caller updates `event_count`, `last_sequence`, `question_events` and `last_event_id`. A direct message
    does not change the room's row.
    """
    if event.stream is not Stream.PEER:
        room = rows.room
        if room.last_event_at is None or time.at > room.last_event_at:
            room.last_event_at = time.at
        rows.dirty.add(("room",))
    if event.type is not None:
        event.type.apply(event, time, rows)


def sentence(event: AnyEvent, names: Mapping[str, str]) -> Sentence:
    """Return a tuple (icon, words) that describes the event. `names` are people's names by cloud id."""
    return _sentence(event, Names(names))


def unnamed(event: AnyEvent) -> set[str]:
    """Return the cloud ids of the people in the event's sentence whose names the event does not contain."""
    names = Names({})
    _sentence(event, names)
    return names.missing


def concerned(event: AnyEvent) -> set[str]:
    """Return the cloud ids of the people whom the event's sentence is about. The event may name others."""
    names = Names({})
    _sentence(event, names)
    return names.concerned


def _sentence(event: AnyEvent, names: Names) -> Sentence:
    if event.type is None:
        return "activity", _("Event of type %(kind)s") % {"kind": event.cmd}
    return event.type.sentence(event.data, names)


def mark(event: AnyEvent) -> str:
    """Return the event's mark in the replay: class, hand, removal, recording, question, or "" for none."""
    return event.type.mark(event.data) if event.type is not None and event.type.mark is not None else ""


def confirms(event: AnyEvent, *, cmd: int, match: Match, since_sequence: int) -> bool:
    """Return whether the event confirms a command.

    The event must have the type of `cmd`, in its single or batch form, and a sequence above `since_sequence`.
    It must also contain the values in `match`.
    """
    return (
        event.type is not None
        and event.type.confirms is not None
        and event.stream is Stream.ROOM
        and event.sequence > since_sequence
        and event.type is type_of(Stream.ROOM, cmd)
        and event.type.confirms(event.data, match)
    )
