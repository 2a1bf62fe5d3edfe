"""Decode and project the people who enter and leave (cmd 20).

Only this event says who is in the room. An arrival begins a new stay, unless the person is already online.
The departures in an event are applied before its arrivals, unless the times show another order. When a person
leaves, their hand is lowered, they leave the stage and their streams end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, latest_update_time
from classroom_admin.events.hands_and_stage import set_hand, set_stage
from classroom_admin.events.people import Person, describe, read_person, set_online, touch
from classroom_admin.events.property_changes import copied
from classroom_admin.events.rows import CLOSED, Needs, ParticipantRow, PresenceRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.streams import StreamState, derive_devices, put_stream, read_stream
from classroom_admin.events.times import EventTime, from_ms
from classroom_admin.events.values import SMALL, Json, Raw, Undecodable, each, identifier, moment, tree, whole

KICKED = 2


@dataclass(slots=True)
class Arrival:
    person: Person
    streams: list[StreamState] | None = None
    properties: dict[str, Json] | None = None
    at_ms: int | None = None


@dataclass(slots=True)
class Departure:
    person: Person
    kicked: bool = False
    at_ms: int | None = None


@dataclass(slots=True)
class Movement:
    """The people who joined and left. Each list contains a person at most once.

    `total` is the cloud's count of people in the room after the event, or None if the event has no count.
    """

    arrivals: list[Arrival]
    departures: list[Departure]
    total: int | None = None


def decode(data: Raw, odd: list[str]) -> Movement:
    """Decode who joined and who left. If a list names a person twice, the later item counts."""
    arrivals = each(data.get("onlineUsers"), lambda raw: _arrival(raw, odd), odd, "onlineUsers")
    departures = each(data.get("offlineUsers"), _departure, odd, "offlineUsers")
    if len(arrivals) > 1:
        arrivals = list({one.person.user_uuid: one for one in arrivals}.values())
    if len(departures) > 1:
        departures = list({one.person.user_uuid: one for one in departures}.values())
    return Movement(arrivals, departures, _total(data, odd))


def _total(data: Raw, odd: list[str]) -> int | None:
    try:
        total = whole(data.get("total"), SMALL)
    except Undecodable as problem:
        odd.append(f"total: {problem.reason}")
        return None
    return total if total is not None and total >= 0 else None


def _arrival(raw: Raw, odd: list[str]) -> Arrival | None:
    who = read_person(raw)
    if who is None:
        return None
    return Arrival(
        who,
        _streams(raw, odd),
        _properties(raw.get("userProperties"), odd),
        moment(raw.get("updateTime")),
    )


def _properties(raw: object, odd: list[str]) -> dict[str, Json] | None:
    if not isinstance(raw, Mapping):
        return None
    if not raw:
        return {}
    try:
        return tree(raw)
    except Undecodable as problem:
        odd.append(f"userProperties: {problem.reason}")
        return None


def _streams(raw: Raw, odd: list[str]) -> list[StreamState] | None:
    """Return the streams in `streams` or the single stream in `streamUuid`.

    Return None if both are missing.
    """
    if raw.get("streams") is not None:
        return each(raw["streams"], read_stream, odd, "streams")
    stream_uuid = identifier(raw.get("streamUuid"))
    return None if stream_uuid is None else [StreamState(stream_uuid)]


def _departure(raw: Raw) -> Departure | None:
    who = read_person(raw)
    if who is None:
        return None
    return Departure(who, whole(raw.get("type")) == KICKED, moment(raw.get("updateTime")))


def needs(event: Event[Movement], needed: Needs) -> None:
    people = [one.person.user_uuid for one in event.data.arrivals]
    people += [one.person.user_uuid for one in event.data.departures]
    needed.participants.update(people)
    needed.open_presences_of.update(people)


def apply(event: Event[Movement], time: EventTime, rows: Rows) -> None:
    data, sequence = event.data, event.sequence
    late: list[Departure] = []
    arriving = {one.person.user_uuid: one for one in data.arrivals} if data.departures else {}
    for departure in data.departures:
        if _after(departure, arriving.get(departure.person.user_uuid)):
            late.append(departure)
        else:
            _depart(departure, sequence, time, rows)
    for arrival in data.arrivals:
        _arrive(arrival, sequence, time, rows)
    for departure in late:
        _depart(departure, sequence, time, rows)
    if data.total is not None:
        rows.room.people_total = data.total


def _after(departure: Departure, arrival: Arrival | None) -> bool:
    return (
        arrival is not None
        and departure.at_ms is not None
        and arrival.at_ms is not None
        and departure.at_ms > arrival.at_ms
    )


def _own(at_ms: int | None, time: EventTime) -> EventTime:
    return time if at_ms is None else EventTime(from_ms(at_ms), False)


def _arrive(arrival: Arrival, sequence: int, time: EventTime, rows: Rows) -> None:
    row = describe(rows, arrival.person)
    if row.role == "teacher" and not row.was_teacher:
        row.was_teacher = True
        touch(rows, row)
    if not row.online:
        _enter(row, sequence, _own(arrival.at_ms, time), rows)
    if arrival.properties is not None and arrival.properties != row.properties:
        row.properties = copied(arrival.properties)
        touch(rows, row)
    if arrival.streams:
        for stream in arrival.streams:
            put_stream(row, stream)
        derive_devices(row)
        touch(rows, row)


def _enter(row: ParticipantRow, sequence: int, time: EventTime, rows: Rows) -> None:
    set_online(rows, row, True)
    presence = rows.open_presences.get(row.user_uuid)
    if presence is None:
        presence = PresenceRow(row.user_uuid, sequence, time.at, approximate=time.approximate)
        rows.presences[row.user_uuid, sequence] = presence
        rows.open_presences[row.user_uuid] = presence
        rows.dirty.add(("presence", row.user_uuid, sequence))
    row.online_since = presence.entered_at
    if row.entered_at is None:
        row.entered_at = presence.entered_at


def _depart(departure: Departure, sequence: int, time: EventTime, rows: Rows) -> None:
    row = describe(rows, departure.person)
    if row.role == "teacher" and not row.was_teacher:
        row.was_teacher = True
        touch(rows, row)
    # When a class closes, the cloud reports everyone as kicked. This does not count as a removal.
    kicked = departure.kicked and rows.room.state != CLOSED
    leave(row, sequence, _own(departure.at_ms, time), rows, kicked=kicked)


def leave(row: ParticipantRow, sequence: int, time: EventTime, rows: Rows, *, kicked: bool = False) -> None:
    """Mark a person as having left. If no event reported that they joined, only store the time."""
    at = time.at
    presence = rows.open_presences.pop(row.user_uuid, None)
    if presence is not None:
        at = max(at, presence.entered_at)
        presence.left_at = at
        presence.left_sequence = sequence
        presence.kicked = kicked
        presence.approximate = presence.approximate or time.approximate
        rows.dirty.add(("presence", row.user_uuid, presence.entered_sequence))
    if row.online or row.left_at is None:
        row.left_at = at
        row.times_left += 1
        touch(rows, row)
    if kicked:
        row.kicked_at = at
        row.kicked_sequence = sequence
        touch(rows, row)
    set_online(rows, row, False)
    row.online_since = None
    settle(row, at, rows)


def settle(row: ParticipantRow, at: datetime, rows: Rows) -> None:
    """Take a person off the stage, lower their hand and end their streams."""
    set_stage(rows, row, False, at)
    set_hand(rows, row, None)
    if row.streams:
        row.streams = {}
        touch(rows, row)
    derive_devices(row)


def everybody_leaves(sequence: int, at: datetime, approximate: bool, rows: Rows) -> None:
    """Mark everyone as having left, lower all hands and empty the stage, because the room closed."""
    time = EventTime(at, approximate)
    rows.room.people_total = None
    for user in sorted(rows.online):
        leave(rows.participants[user], sequence, time, rows)
    for user in sorted(rows.staged | rows.hands):
        settle(rows.participants[user], at, rows)


def sentence(data: Movement, names: Names) -> Sentence:
    came = [arrival.person for arrival in data.arrivals]
    left = [departure.person for departure in data.departures if not departure.kicked]
    removed = [departure.person for departure in data.departures if departure.kicked]
    parts = [
        words % {"who": names.whom(people)}
        for people, words in (
            (came, _("%(who)s joined")),
            (left, _("%(who)s left")),
            (removed, _("Removed from the class: %(who)s")),
        )
        if people
    ]
    return ("log-in" if came else "log-out"), "; ".join(parts) or _("People joined or left")


def confirms(data: Movement, match: Match) -> bool:
    """Return whether the person in `match` left or was removed. `match` is {"offline": user_uuid}."""
    return any(departure.person.user_uuid == match.get("offline") for departure in data.departures)


TYPES = (
    EventType(
        kinds=(EventKind.PRESENCE,),
        decode=decode,
        own_time=lambda data, fields: latest_update_time(fields, "onlineUsers", "offlineUsers"),
        needs=needs,
        apply=apply,
        sentence=sentence,
        name="people",
        label=gettext_lazy("Joining and leaving"),
        confirms=confirms,
        mark=lambda data: "removal" if any(departure.kicked for departure in data.departures) else "",
    ),
)


def correction(person: Person, *, online: bool, sequence: int, at_ms: int) -> Event[Movement]:
    """Return an event that corrects whether a person is in the room.

    It is not stored among the cloud's events. It applies after the event with this `sequence`, or in its
    place if that event is lost. `at_ms` is the time at which the person joined or left (ms since 1970 UTC).
    """
    arrivals = [Arrival(person, at_ms=at_ms)] if online else []
    departures = [] if online else [Departure(person, at_ms=at_ms)]
    (declared,) = TYPES
    kind = EventKind.PRESENCE
    return Event(kind.stream, sequence, kind.cmd, at_ms, Movement(arrivals, departures), declared)
