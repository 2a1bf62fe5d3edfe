"""Recordings (cmd 1001), one at a time.

A start of another recording ends the one that ran (the cloud refuses a second one, so its end was missed).
A start without an id continues the running one unless it tells a later start time. An end without an id
ends the running one. Closing the room ends it too: a closed room can't be recorded, and the event may never
come.
"""

from datetime import datetime

from classroom_admin.sync.decode.kinds import RecordingChange
from classroom_admin.sync.fold.rows import RecordingRow, Rows
from classroom_admin.sync.fold.times import EventTime, from_ms

RECORDING, ENDED = "recording", "ended"
NUMBERED = "seq-"


def numbered(sequence: int) -> str:
    """The id of a recording whose start carried none."""
    return f"{NUMBERED}{sequence}"


def fold_recording(data: RecordingChange, sequence: int, time: EventTime, rows: Rows) -> None:
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
    """What an end is about: the one it names; else what runs.

    An id never seen before names the running one where that one's own start carried no id; else a recording
    whose start was missed.
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
    """End a recording; one that has an end keeps it."""
    rows.recordings_running.discard(row.record_id)
    if row.ended_sequence is not None:
        return
    row.state = ENDED
    row.ended_sequence = sequence
    row.ended_at = at if row.started_at is None else max(at, row.started_at)
    rows.dirty.add(("recording", row.record_id))


def end_all(sequence: int, at: datetime, rows: Rows) -> None:
    """The room closed."""
    for record_id in sorted(rows.recordings_running):
        _end(rows.recordings[record_id], sequence, at, rows)
        rows.room.recording_state = ENDED
