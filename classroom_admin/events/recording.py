"""Decode and project recordings (cmd 1001, property `record`). A room has at most one running recording.

If a recording starts while another is running, the event that ended the running recording is missing, so end
that recording. A start event without an id belongs to the running recording, unless the event's start time is
later. An end event without an id ends the running recording. Closing the room also ends the recording,
because the end event may never come.

The property `record` reports the same changes in `state`. If it reports a start first, the recording gets its
id from the next start event. Only the property reports a pause (`onhold`). A recording that timed out and is
tried again keeps running. A recording that the cloud gave up has failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from classroom_admin.events.event import Event, EventKind, EventType, Match, update_time
from classroom_admin.events.property_changes import Applied, Change, PropertyTopic, below, copied, touches
from classroom_admin.events.rows import CLOSED, Needs, RecordingRow, Rows
from classroom_admin.events.sentences import Names, Sentence
from classroom_admin.events.times import EPOCH, EventTime, from_ms
from classroom_admin.events.values import (
    NAME_LENGTH,
    Json,
    Raw,
    Undecodable,
    flag,
    identifier,
    moment,
    plain,
    text,
    whole,
)

RECORDING, ENDED, FAILED = "recording", "ended", "failed"
NUMBERED = "seq-"
ROOT: Final = "record"
RUNNING: Final = 1
"""The value of `state` while a recording runs. After the end of a recording, `state` is 0 or 2."""
SAME_START: Final = timedelta(seconds=10)
"""How much later than the start of a recording the start time in one of its events may be."""


class Reason(IntEnum):
    """The cloud's reason for an event about a recording."""

    STARTED = 1
    STOPPED = 2
    RETRIED = 3
    TIMED_OUT = 4
    GAVE_UP = 5


@dataclass(slots=True)
class RecordingChange:
    """A change of a recording's state. `running` is True if it is running or will be retried."""

    running: bool
    record_id: str | None = None
    sid: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    streaming_urls: dict[str, Json] | None = None
    reason: int | None = None


def decode(data: Raw, odd: list[str]) -> RecordingChange:
    """Decode the state: 1 is recording, 0 and 2 are ended. Raise Undecodable for other values.

    The cloud's documents use both 0 and 2 for ended. The reasons `RETRIED`, `TIMED_OUT` and `GAVE_UP`
    override the state.
    """
    state, reason = whole(data.get("state")), whole(data.get("reason"))
    if state not in (0, RUNNING, 2):
        raise Undecodable("a recording state that is none of 0, 1, 2")
    urls = data.get("streamingUrl")
    return RecordingChange(
        reason != Reason.GAVE_UP and (state == RUNNING or reason in (Reason.RETRIED, Reason.TIMED_OUT)),
        identifier(data.get("recordId")),
        text(data.get("sid"), NAME_LENGTH),
        moment(data.get("startTime")),
        moment(data.get("endTime")),
        plain(urls) if isinstance(urls, Mapping) else None,
        reason,
    )


def numbered(sequence: int) -> str:
    """Return an id for a recording that has none. It contains the sequence number of the start event."""
    return f"{NUMBERED}{sequence}"


def needs(event: Event[RecordingChange], needed: Needs) -> None:
    needed.running_recording = True
    needed.recordings.add(event.data.record_id or numbered(event.sequence))


def apply(event: Event[RecordingChange], time: EventTime, rows: Rows) -> None:
    data, sequence, was_running = event.data, event.sequence, bool(rows.recordings_running)
    ended: list[RecordingRow] = []
    if data.reason == Reason.TIMED_OUT:
        _try_again(data, rows)
    elif data.running:
        _start(data, sequence, time, rows)
    else:
        at = time.at if data.ended_ms is None else from_ms(data.ended_ms)
        ended = _ending(data, rows)
        for row in ended:
            if row.started_at is None and data.started_ms is not None:
                row.started_at = from_ms(data.started_ms)
                rows.dirty.add(("recording", row.record_id))
            _end(row, sequence, at, rows, state=FAILED if data.reason == Reason.GAVE_UP else ENDED)
    _set_state(data, ended, rows)
    has_property = below(rows.room.properties, ROOT, "state") is not None
    is_new = data.reason in (Reason.RETRIED, Reason.TIMED_OUT, Reason.GAVE_UP)
    event.repeats = has_property and not is_new and was_running == bool(rows.recordings_running)


def _set_state(data: RecordingChange, ended: list[RecordingRow], rows: Rows) -> None:
    room = rows.room
    if rows.recordings_running:
        room.recording_state = RECORDING
    elif data.reason == Reason.GAVE_UP:
        room.recording_state = FAILED
    elif not data.running and (room.recording_state != FAILED or any(row.state == ENDED for row in ended)):
        room.recording_state = ENDED


def _try_again(data: RecordingChange, rows: Rows) -> None:
    """Mark a recording as being retried. If it is already marked as ended, reopen it."""
    named = rows.recordings.get(data.record_id) if data.record_id is not None else None
    running = [rows.recordings[one] for one in sorted(rows.recordings_running)]
    for row in running if named is None else [named]:
        if row.state != RECORDING:
            if rows.room.state == CLOSED or rows.recordings_running:
                continue
            row.state, row.ended_at, row.ended_sequence = RECORDING, None, None
            rows.recordings_running.add(row.record_id)
        row.retrying = True
        rows.dirty.add(("recording", row.record_id))


def _start(data: RecordingChange, sequence: int, time: EventTime, rows: Rows) -> None:
    at = time.at if data.started_ms is None else from_ms(data.started_ms)
    record_id = data.record_id or _continued(data, rows) or numbered(sequence)
    if data.record_id is not None and data.record_id not in rows.recordings:
        _name(data.record_id, data, sequence, rows)
    for other in sorted(rows.recordings_running - {record_id}):
        _end(rows.recordings[other], sequence, at, rows)
    row = rows.recordings.get(record_id)
    if row is None:
        row = rows.recordings[record_id] = RecordingRow(record_id, RECORDING)
    row.state, row.retrying = RECORDING, False
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
    if rows.room.starts_paused:
        _pause(row, True, at, rows)
        rows.room.starts_paused = False


def _name(record_id: str, data: RecordingChange, sequence: int, rows: Rows) -> None:
    """Set the id of the running recording if it has none and the event is about it."""
    nameless = _continued(data, rows)
    if nameless is None or not nameless.startswith(NUMBERED):
        return
    row = rows.recordings.pop(nameless)
    rows.recordings_running.discard(nameless)
    rows.dirty.add(("recording", nameless))
    row.record_id, row.started_sequence = record_id, sequence
    if data.started_ms is not None:
        row.started_at = from_ms(data.started_ms)
    rows.recordings[record_id] = row
    rows.recordings_running.add(record_id)


def _continued(data: RecordingChange, rows: Rows) -> str | None:
    """Return the id of the running recording, unless the event is about a later one."""
    for record_id in sorted(rows.recordings_running):
        started_at = rows.recordings[record_id].started_at
        if data.started_ms is None or started_at is None:
            return record_id
        if from_ms(data.started_ms) <= started_at + SAME_START:
            return record_id
    return None


def _ending(data: RecordingChange, rows: Rows) -> list[RecordingRow]:
    """Return the recordings that have ended. If the event has no id, these are all running recordings.

    If the id is unknown, it belongs to a running recording without an id. If there is none, add a recording.
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


def _end(row: RecordingRow, sequence: int, at: datetime, rows: Rows, *, state: str = ENDED) -> None:
    """End a recording. An earlier end is kept."""
    rows.recordings_running.discard(row.record_id)
    if row.state not in (FAILED, state):
        row.state = state
        rows.dirty.add(("recording", row.record_id))
    row.retrying = False
    if row.ended_sequence is not None:
        return
    row.ended_sequence = sequence
    row.ended_at = at if row.started_at is None else max(at, row.started_at)
    _pause(row, False, row.ended_at, rows)
    rows.dirty.add(("recording", row.record_id))


def _pause(row: RecordingRow, paused: bool, at: datetime, rows: Rows) -> bool:
    """Begin or end a pause. A pause is stored in ms since 1970 UTC. Return whether this changed anything."""
    if paused == is_paused(row.pauses):
        return False
    ms = (at - EPOCH) // timedelta(milliseconds=1)
    if paused:
        row.pauses = [*row.pauses, [ms, None]]
    else:
        since = row.pauses[-1][0]
        row.pauses = [*row.pauses[:-1], [since, max(ms, since)]]
    rows.dirty.add(("recording", row.record_id))
    return True


def is_paused(pauses: list[Json]) -> bool:
    """Return whether the last pause has no end."""
    return bool(pauses) and pauses[-1][1] is None


def _runs(state: Json) -> bool:
    try:
        return whole(state) == RUNNING
    except Undecodable:
        return False


def needs_record(changes: list[Change], sequence: int, needed: Needs) -> None:
    needed.running_recording = True
    needed.recordings.add(numbered(sequence))


def follow_record(applied: Applied) -> bool | None:
    """Apply the state and pause in a change of `record`. Return whether a recording changed.

    Return None if the change contains neither.
    """
    rows, time = applied.rows, applied.time
    record = rows.room.properties.get(ROOT)
    states = any(touches(change, ROOT, "state") for change in applied.changes)
    state = below(record, "state")
    was_running = bool(rows.recordings_running)
    if states and state is not None:
        if not _runs(state):
            for record_id in sorted(rows.recordings_running):
                row = rows.recordings[record_id]
                if not row.retrying:
                    _end(row, applied.sequence, time.at, rows)
        elif not was_running and rows.room.state != CLOSED:
            started_ms = moment(below(record, "startTime"))
            _start(RecordingChange(True, started_ms=started_ms), applied.sequence, time, rows)
    holds = any(touches(change, ROOT, "onhold") for change in applied.changes)
    onhold = flag(below(record, "onhold")) is True
    if holds and not rows.recordings_running:  # This may precede the start or come with the end.
        rows.room.starts_paused = onhold and not states
    paused = False
    for record_id in sorted(rows.recordings_running):
        row = rows.recordings[record_id]
        paused |= holds and _pause(row, onhold, time.at, rows)
        urls = below(record, "streamingUrl")
        if isinstance(urls, dict) and urls and urls != row.streaming_urls:
            row.streaming_urls = copied(urls)
            rows.dirty.add(("recording", record_id))
    is_running = bool(rows.recordings_running)
    if was_running != is_running:
        rows.room.recording_state = RECORDING if is_running else ENDED
    return paused or was_running != is_running if states or holds else None


def record_sentence(name: str, value: Json, names: Names) -> str:
    """Return a sentence about the new state or pause. Return "" if the change contains neither."""
    onhold, state = flag(below(value, "onhold")), below(value, "state")
    if state is not None and not _runs(state):
        return _("The recording stopped")
    if onhold is not None:
        return _("The recording is paused") if onhold else _("The recording is running")
    return _("The recording started") if state is not None else ""


def end_all(sequence: int, at: datetime, rows: Rows) -> None:
    """End the running recording, because the room closed."""
    for record_id in sorted(rows.recordings_running):
        _end(rows.recordings[record_id], sequence, at, rows)
        rows.room.recording_state = ENDED


def sentence(data: RecordingChange, names: Names) -> Sentence:
    if data.reason == Reason.GAVE_UP:
        return "triangle-alert", _("The recording failed, and the cloud does not try again")
    if data.reason == Reason.TIMED_OUT:
        return "triangle-alert", _("The recording timed out, and the cloud is trying again")
    if data.reason == Reason.RETRIED:
        return "circle-dot", _("The recording started again after a failure")
    return "circle-dot", _("The recording started") if data.running else _("The recording stopped")


def quiet(data: RecordingChange, names: Names) -> Sentence:
    return "circle-dot", _("Details of the recording changed")


def confirms(data: RecordingChange, match: Match) -> bool:
    """Return whether the event has the state in `match`. `match` is {"state": 1 (recording) or 0 (ended)}."""
    if data.reason == Reason.TIMED_OUT:
        return False
    return data.running == (match.get("state") == 1)


PROPERTIES = (
    PropertyTopic(
        root=ROOT,
        label=gettext_lazy("recording"),
        open_levels=1,
        sentence=record_sentence,
        icon="circle-dot",
        follow=follow_record,
        needs=needs_record,
    ),
)
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
        quiet=quiet,
        name="recording",
        label=gettext_lazy("Recording"),
        confirms=confirms,
        mark=lambda data: "recording",
    ),
)
