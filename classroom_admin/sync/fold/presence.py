"""Coming and going (cmd 20).

Only this kind says that somebody is in the room. Who is online already stays in the same stay, whether the
event says "entered" or "came back"; who is not opens a new one. Departures of an event count before its
arrivals, unless the times of the two say otherwise. Leaving lowers the hand, leaves the stage and ends the
streams.
"""

from datetime import datetime

from classroom_admin.sync.decode.kinds import Arrival, Departure, Movement, StreamState
from classroom_admin.sync.fold.people import describe, set_online, touch
from classroom_admin.sync.fold.properties import copied
from classroom_admin.sync.fold.rows import ParticipantRow, PresenceRow, Rows
from classroom_admin.sync.fold.stage import set_hand, set_stage
from classroom_admin.sync.fold.times import EventTime, from_ms

CLOSED = 3


def fold_movement(data: Movement, sequence: int, time: EventTime, rows: Rows) -> None:
    late: list[Departure] = []
    arriving = {one.person.user_uuid: one for one in data.arrivals} if data.departures else {}
    for departure in data.departures:
        if _after(departure, arriving.get(departure.person.user_uuid)):
            late.append(departure)
        else:
            _fold_departure(departure, sequence, time, rows)
    for arrival in data.arrivals:
        _fold_arrival(arrival, sequence, time, rows)
    for departure in late:
        _fold_departure(departure, sequence, time, rows)


def _after(departure: Departure, arrival: Arrival | None) -> bool:
    return (
        arrival is not None
        and departure.at_ms is not None
        and arrival.at_ms is not None
        and departure.at_ms > arrival.at_ms
    )


def _own(at_ms: int | None, time: EventTime) -> EventTime:
    return time if at_ms is None else EventTime(from_ms(at_ms), False)


def _fold_arrival(arrival: Arrival, sequence: int, time: EventTime, rows: Rows) -> None:
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
        watch_streams(row)
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


def _fold_departure(departure: Departure, sequence: int, time: EventTime, rows: Rows) -> None:
    row = describe(rows, departure.person)
    if row.role == "teacher" and not row.was_teacher:
        row.was_teacher = True
        touch(rows, row)
    # a class that closes sends everybody out: that is no removal of a person
    kicked = departure.kicked and rows.room.state != CLOSED
    leave(row, sequence, _own(departure.at_ms, time), rows, kicked=kicked)


def leave(row: ParticipantRow, sequence: int, time: EventTime, rows: Rows, *, kicked: bool = False) -> None:
    """End a person's stay. Somebody who was never seen entering gets a time of leaving and no stay."""
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
    """What ends with a stay: the stage, the hand, the streams."""
    set_stage(rows, row, False, at)
    set_hand(rows, row, None)
    if row.streams:
        row.streams = {}
        touch(rows, row)
    watch_streams(row)


def everybody_leaves(sequence: int, at: datetime, approximate: bool, rows: Rows) -> None:
    """The room closed: all stays end, hands go down, the stage is empty."""
    time = EventTime(at, approximate)
    for user in sorted(rows.online):
        leave(rows.participants[user], sequence, time, rows)
    for user in sorted(rows.staged | rows.hands):
        settle(rows.participants[user], at, rows)


def put_stream(row: ParticipantRow, stream: StreamState) -> None:
    """Take what an event says of a stream; what it doesn't say stays."""
    known = dict(row.streams.get(stream.stream_uuid) or {})
    for name in ("name", "video_source", "audio_source", "video_on", "audio_on"):
        value = getattr(stream, name)
        if value is not None:
            known[name] = value
    row.streams[stream.stream_uuid] = known


def watch_streams(row: ParticipantRow) -> None:
    """Read camera, microphone and shared screen off the streams.

    An unsaid source is a camera or a microphone.
    """
    camera = microphone = screen = False
    for stream in row.streams.values():
        source = stream.get("video_source")
        if source == 2:
            screen = screen or stream.get("video_on", True)
        elif source != 0:
            camera = camera or stream.get("video_on", False)
        if stream.get("audio_source") != 0:
            microphone = microphone or stream.get("audio_on", False)
    row.camera_on, row.microphone_on, row.sharing_screen = camera, microphone, screen
