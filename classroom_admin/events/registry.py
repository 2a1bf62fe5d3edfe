"""Collect the event types that this package's modules declare. Use them to decode and project events."""

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
UNNUMBERED = (Stream.PEER, Stream.CHAT)
AnyEvent = Event[Any]


def _collect() -> dict[Stream, dict[int | None, EventType[Any]]]:
    """Return all event types by stream and `cmd`. Raise ValueError if a kind is declared twice."""
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
    """Return the event type with this `cmd`, or None if this release does not know it."""
    of_stream = _TYPES[stream]
    return of_stream.get(cmd) or of_stream.get(None)


def filters() -> list[EventType[Any]]:
    """Return the event types that people can filter by, in the order of `EventKind`."""
    types = [type_of(kind.stream, kind.cmd) for kind in EventKind]
    named: dict[str, EventType[Any]] = {}
    for declared in types:
        if declared is not None and declared.name:
            named.setdefault(declared.name, declared)
    return list(named.values())


def kinds_named(name: str) -> list[EventKind]:
    """Return the kinds of events that the filter with this name shows, in the order of `EventKind`."""
    return [
        kind
        for kind in EventKind
        if (declared := type_of(kind.stream, kind.cmd)) is not None and declared.name == name
    ]


def identify(raw: object, stream: Stream = Stream.ROOM, *, room_uuid: str | None = None) -> Identity:
    """Return the room, sequence, `cmd` and time of an event. Use `room_uuid` if the event names no room.

    Raise Undecodable if the event is not an object, or if it has no room or sequence and its stream needs
    them. `ts_ms` is None if `ts` is missing or invalid.
    """
    if not isinstance(raw, dict):
        raise Undecodable("an event that is not an object")
    room = identifier(raw.get("roomUuid"), ROOM_ID_LENGTH) or room_uuid
    if stream is Stream.ROOM and room is None:
        raise Undecodable("an event without its room")
    return Identity(room, _sequence(raw, stream), _cmd(raw), moment(raw.get("ts")))


def _sequence(raw: Raw, stream: Stream) -> int | None:
    sequence = whole(raw.get("sequence"))
    if stream not in UNNUMBERED and (sequence is None or sequence < 0):
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

    Raise Undecodable if the event can't be read. If only a part is unreadable, such as one of many users, add
    it to `Event.odd`.
    """
    if not isinstance(raw, dict):
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
    """Return the rows that must be loaded to project these events."""
    needed = Needs()
    for event in events:
        if event.type is not None and event.type.needs is not None:
            event.type.needs(event, needed)
    return needed


def project(event: AnyEvent, time: EventTime, rows: Rows) -> None:
    """Apply one event to the rows. Add the keys of the changed rows to `rows.dirty`.

    If such a key is no longer in `rows`, the row was deleted. Project the events of a stream in sequence
    order. `rows` must contain the rows that `needs` returned. The caller updates `event_count`,
    `last_sequence`, `question_events` and `last_event_id`.
    """
    if event.stream is not Stream.PEER:
        room = rows.room
        if room.last_event_at is None or time.at > room.last_event_at:
            room.last_event_at = time.at
        rows.dirty.add(("room",))
    event.repeats = False
    if event.type is not None:
        event.type.apply(event, time, rows)


def sentence(event: AnyEvent, names: Mapping[str, str]) -> Sentence:
    """Return an icon and a sentence for the event. `names` has people's names by cloud id."""
    return _sentence(event, Names(names))


def unnamed(event: AnyEvent) -> set[str]:
    """Return the cloud ids of people in the event's sentence if the event does not contain their names."""
    names = Names({})
    _sentence(event, names)
    return names.missing


def concerned(event: AnyEvent) -> set[str]:
    """Return the cloud ids of the people in the event's sentence."""
    names = Names({})
    _sentence(event, names)
    return names.concerned


def _sentence(event: AnyEvent, names: Names) -> Sentence:
    if event.type is None:
        return "activity", _("Event of type %(kind)s") % {"kind": event.cmd}
    if event.repeats and event.type.quiet is not None:
        return event.type.quiet(event.data, names)
    return event.type.sentence(event.data, names)


def mark(event: AnyEvent) -> str:
    """Return the event's kind on the replay's timeline (such as class or hand), or "" if it is not shown."""
    if event.type is None or event.type.mark is None or event.repeats:
        return ""
    return event.type.mark(event.data)


def confirms(event: AnyEvent, *, cmd: int, match: Match, since_sequence: int) -> bool:
    """Return whether the event confirms a command.

    The event must have the type of `cmd`, in its single or batch form, and a sequence above `since_sequence`.
    It must also contain the values in `match`.
    """
    if event.stream is Stream.CHAT:
        # Messages of Agora Chat have no sequence number. `match` says how old a message may be.
        if event.type is None or event.type.confirms is None or cmd != EventKind.CHAT.cmd:
            return False
        return event.type.confirms(event.data, match)
    return (
        event.type is not None
        and event.type.confirms is not None
        and event.stream is Stream.ROOM
        and event.sequence > since_sequence
        and event.type is type_of(Stream.ROOM, cmd)
        and event.type.confirms(event.data, match)
    )
