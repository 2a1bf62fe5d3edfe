"""Read the stored events of streams, and apply them to rows in sequence order."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from classroom_admin.common.chunks import chunks
from classroom_admin.events import Event, EventTime, Rows, Stream, event_times, project
from classroom_admin.sync import presence_corrections, statements
from classroom_admin.sync.cursors import Cursor
from classroom_admin.sync.models import NUMBERED, StoredEvent
from classroom_admin.sync.presence_corrections import CORRECTION
from classroom_admin.sync.reader import KEPT_COLUMNS, PROJECTION_FAILED, UNFORESEEN, Kept, Reader, stamp

AT_ONCE = 2000
"""The maximum number of events of one stream in a transaction. A batch of rooms has roughly as many."""
STREAMS_AT_ONCE = 50
"""The maximum number of streams in a query."""


@dataclass(slots=True)
class Stretch:
    """Consecutive events of one stream, decoded and with their times."""

    cursor: Cursor
    stored: list[Kept]
    events: list[Event[Any]]
    times: list[EventTime]
    more: bool

    def project_into(self, rows: Rows) -> None:
        """Apply the events to `rows` and count them. Raise CannotProject if an event can't be applied."""
        for row, event, time in zip(self.stored, self.events, self.times, strict=True):
            try:
                project(event, time, rows)
            except UNFORESEEN as error:
                raise CannotProject(
                    row.pk, f"{PROJECTION_FAILED}: {type(error).__name__}: {error}"
                ) from error
        stored = [row for row in self.stored if row.pk != CORRECTION]
        last = stored[-1]
        self.cursor.projected_sequence = last.pk if last.sequence is None else last.sequence
        self.cursor.projected_at = self.times[-1].at
        if self.cursor.stream == Stream.ROOM:
            rows.room.event_count += len(stored)
            rows.room.last_sequence = self.cursor.projected_sequence
        elif self.cursor.stream in NUMBERED:
            rows.room.question_events += len(stored)
        if self.cursor.stream != Stream.PEER:
            rows.room.last_event_id = max(rows.room.last_event_id, *(row.pk for row in stored))
            rows.dirty.add(("room",))


class CannotProject(Exception):
    """Raised if an event can't be projected. The exception rolls the transaction back."""

    def __init__(self, event_id: int, reason: str) -> None:
        super().__init__(reason)
        self.event_id = event_id
        self.reason = reason


def read_new(wanted: Iterable[tuple[Cursor, int | None]], reader: Reader) -> dict[int, Stretch]:
    """Return the new events of these streams, by the cursor's id. Streams without new events are not in it.

    `wanted` has each cursor and the first missing number that it must wait for, or None. Streams with few
    new events share queries.
    """
    together: dict[tuple[int, str], tuple[Cursor, statements.Where]] = {}
    found: dict[int, Stretch] = {}
    left = AT_ONCE
    for cursor, below in wanted:
        waiting = cursor.stored_sequence - cursor.projected_sequence
        if cursor.stream in NUMBERED and waiting <= left:
            together[cursor.room_id, cursor.stream] = (cursor, _after(cursor, below))
            left -= waiting
        else:
            found[cursor.id] = _stretch(cursor, _first(cursor, below), reader)
    rows: dict[tuple[int, str], list[Kept]] = {}
    for part in chunks((where for _cursor, where in together.values()), STREAMS_AT_ONCE):
        condition, parameters = statements.any_of(part)
        for row in _kept((f"{condition} ORDER BY sequence", parameters)):
            rows.setdefault((row.room_id, row.stream), []).append(row)
    for place, of_stream in rows.items():
        cursor = together[place][0]
        found[cursor.id] = _stretch(cursor, of_stream, reader)
    return {pk: stretch for pk, stretch in found.items() if stretch.stored}


def read_all(cursor: Cursor, below: int | None, reader: Reader) -> Iterator[Stretch]:
    """Yield all events of a stream in parts. The caller must apply each part before the next."""
    cursor.projected_sequence, cursor.projected_at, cursor.needs_full_projection = 0, None, False
    while (stretch := _stretch(cursor, _first(cursor, below), reader)).stored:
        yield stretch
        if not stretch.more:
            return


def with_corrections(stretch: Stretch, corrections: deque[Event[Any]], *, at_end: bool) -> Stretch:
    """Insert the due corrections between the events. Remove these corrections from `corrections`."""
    if not corrections:
        return stretch
    steps = zip(stretch.stored, stretch.events, stretch.times, strict=True)
    merged = presence_corrections.insert(list(steps), corrections, at_end=at_end)
    rows, decoded, times = (list(column) for column in zip(*merged, strict=True))
    return replace(stretch, stored=rows, events=decoded, times=times)


def _after(cursor: Cursor, below: int | None) -> statements.Where:
    """Return the condition for the events after the cursor. If `below` is not None, stop before this number.

    Events without a number are in the order of arrival.
    """
    number = "sequence" if cursor.stream in NUMBERED else "id"
    condition = f"room_id = %s AND stream = %s AND {number} > %s"
    parameters = [cursor.room_id, cursor.stream, cursor.projected_sequence]
    if below is None:
        return condition, parameters
    return f"{condition} AND sequence < %s", [*parameters, below]


def _first(cursor: Cursor, below: int | None) -> list[Kept]:
    """Return the first events after the cursor, one more than `AT_ONCE`."""
    condition, parameters = _after(cursor, below)
    number = "sequence" if cursor.stream in NUMBERED else "id"
    return _kept((f"{condition} ORDER BY {number} LIMIT %s", [*parameters, AT_ONCE + 1]))


def _kept(where: statements.Where) -> list[Kept]:
    return [Kept(*columns) for columns in statements.select(StoredEvent, KEPT_COLUMNS, where)]


def _stretch(cursor: Cursor, taken: list[Kept], reader: Reader) -> Stretch:
    """Decode these events. If there are more than `AT_ONCE`, leave the last for the next stretch."""
    events = [reader.read(row) for row in taken]
    stamps = [stamp(row, event) for row, event in zip(taken, events, strict=True)]
    more = len(taken) > AT_ONCE
    following = stamps.pop() if more else None
    times = event_times(cursor.projected_at, stamps, following)
    count = len(stamps)
    return Stretch(cursor=cursor, stored=taken[:count], events=events[:count], times=times, more=more)
