"""Decode and project recordings (cmd 1001). A room has at most one running recording.

If a recording starts while another is running, the event of the other's end is missing, so end the other. A
start event without an id belongs to the running recording, unless the event's start time is later. An end
event without an id ends the running recording. Closing the room also ends the recording, because the end
event may never come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, update_time
from classroom_admin.events.rows import Needs, RecordingRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EventTime, from_ms
from classroom_admin.events.values import (
    NAME_LENGTH,
    Json,
    Raw,
    Undecodable,
    identifier,
    moment,
    plain,
    text,
    whole,
)

RECORDING, ENDED = "recording", "ended"
NUMBERED = "seq-"


@dataclass(slots=True)
class RecordingChange:
    running: bool
    record_id: str | None = None
    sid: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    streaming_urls: dict[str, Json] | None = None


def decode(data: Raw, odd: list[str]) -> RecordingChange:
    """Decode the state: 1 means recording; 0 and 2 mean ended. Raise Undecodable for other values.

    One document of the cloud uses 0 for ended, and another document uses 2.
    """
    state = whole(data.get("state"))
    if state not in (0, 1, 2):
        raise Undecodable("a recording state that is none of 0, 1, 2")
    urls = data.get("streamingUrl")
    return RecordingChange(
        state == 1,
        identifier(data.get("recordId")),
        text(data.get("sid"), NAME_LENGTH),
        moment(data.get("startTime")),
        moment(data.get("endTime")),
        plain(urls) if isinstance(urls, Mapping) else None,
    )


def numbered(sequence: int) -> str:
    """Return an id for a recording whose start event, with this sequence number, had no id."""
    return f"{NUMBERED}{sequence}"


def needs(event: Event[RecordingChange], needed: Needs) -> None:
    needed.running_recording = True
    needed.recordings.add(event.data.record_id or numbered(event.sequence))


def apply(event: Event[RecordingChange], time: EventTime, rows: Rows) -> None:
    data, sequence = event.data, event.sequence
    if data.running:
        _start(data, sequence, time, rows)
    else:
        at = time.at if data.ended_ms is None else from_ms(data.ended_ms)
        for row in _ending(data, rows):
            if row.started_at is None and data.started_ms is not None:
                row.started_at = from_ms(data.started_ms)
                rows.dirty.add(("recording", row.record_id))
            _end(row, sequence, at, rows)
    rows.room.recording_state = RECORDING if rows.recordings_running else ENDED


def _start(data: RecordingChange, sequence: int, time: EventTime, rows: Rows) -> None:
    at = time.at if data.started_ms is None else from_ms(data.started_ms)
    record_id = data.record_id or _continued(data, rows) or numbered(sequence)
    for other in sorted(rows.recordings_running - {record_id}):
        _end(rows.recordings[other], sequence, at, rows)
    row = rows.recordings.get(record_id)
    if row is None:
        row = rows.recordings[record_id] = RecordingRow(record_id, RECORDING)
    row.state = RECORDING
    row.ended_at = row.ended_sequence = None
    if row.started_sequence is None:
        row.started_sequence = sequence
    if row.started_at is None:
        row.started_at = at
    row.sid = data.sid or row.sid
    if data.streaming_urls:
        row.streaming_urls = dict(data.streaming_urls)
    rows.recordings_running.add(record_id)
    rows.dirty.add(("recording", record_id))


def _continued(data: RecordingChange, rows: Rows) -> str | None:
    for record_id in sorted(rows.recordings_running):
        started_at = rows.recordings[record_id].started_at
        if data.started_ms is None or started_at is None or from_ms(data.started_ms) <= started_at:
            return record_id
    return None


def _ending(data: RecordingChange, rows: Rows) -> list[RecordingRow]:
    """Return the recordings that an end event ends. Without an id, these are the running recordings.

    An unknown id belongs to the running recording if its start event had no id. Otherwise it belongs to a
    recording whose start event is missing.
    """
    running = [rows.recordings[record_id] for record_id in sorted(rows.recordings_running)]
    if data.record_id is None:
        return running
    if data.record_id in rows.recordings:
        return [rows.recordings[data.record_id]]
    nameless = [row for row in running if row.record_id.startswith(NUMBERED)]
    if nameless:
        return nameless
    row = rows.recordings[data.record_id] = RecordingRow(data.record_id, ENDED, sid=data.sid or "")
    return [row]


def _end(row: RecordingRow, sequence: int, at: datetime, rows: Rows) -> None:
    """End a recording. If the recording already has an end, keep that end."""
    rows.recordings_running.discard(row.record_id)
    if row.ended_sequence is not None:
        return
    row.state = ENDED
    row.ended_sequence = sequence
    row.ended_at = at if row.started_at is None else max(at, row.started_at)
    rows.dirty.add(("recording", row.record_id))


def end_all(sequence: int, at: datetime, rows: Rows) -> None:
    """End the running recording, because the room closed."""
    for record_id in sorted(rows.recordings_running):
        _end(rows.recordings[record_id], sequence, at, rows)
        rows.room.recording_state = ENDED


def sentence(data: RecordingChange, names: Names) -> Sentence:
    return "circle-dot", _("The recording started") if data.running else _("The recording stopped")


def confirms(data: RecordingChange, match: Match) -> bool:
    """Return whether the event has the state in `match`, which is {"state": 1 recording | 0 ended}."""
    return data.running == (match.get("state") == 1)


TYPES = (
    EventType(
        kinds=(EventKind.RECORDING,),
        decode=decode,
        own_time=lambda data, fields: (
            update_time(data, fields) or (data.started_ms if data.running else data.ended_ms)
        ),
        needs=needs,
        apply=apply,
        sentence=sentence,
        name="recording",
        label=gettext_lazy("Recording"),
        confirms=confirms,
        mark=lambda data: "recording",
    ),
)
