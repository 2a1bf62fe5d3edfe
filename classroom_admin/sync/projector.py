"""Project stored events into the read models, one room or a few rooms in one transaction.

A projection continues each stream where the previous projection stopped. If an event arrives after later
events were projected, the next projection starts from the first event. Both methods give the same rows.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from classroom_admin import events
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.due_times import CLOCKS_DIFFER, has_come
from classroom_admin.common.logs import context as log_context
from classroom_admin.events import Event, EventTime, Needs, RoomRow, Rows, Stream, event_times, needs, project
from classroom_admin.rooms.models import Room
from classroom_admin.sync import (
    confirmation,
    delays,
    gaps,
    garbage_collection,
    presence_corrections,
    read_models,
    registry,
    statements,
)
from classroom_admin.sync.models import NUMBERED, RoomCursor, SequenceGap, StoredEvent
from classroom_admin.sync.presence_corrections import CORRECTION
from classroom_admin.sync.reader import (
    KEPT_COLUMNS,
    PROJECTION_FAILED,
    UNFORESEEN,
    Kept,
    Reader,
    record_repeats,
    set_aside,
    stamp,
)

log = logging.getLogger(__name__)

AT_ONCE = 2000
"""The maximum number of events of one stream in a transaction. A batch of rooms has roughly as many."""
ROOMS_AT_ONCE = 50
"""The maximum number of rooms in one transaction. Small projections share a commit to save time."""
CURSOR_COLUMNS = ("projected_sequence", "projected_at", "needs_full_projection", "project_due_at")
_cursor_values = attrgetter(*CURSOR_COLUMNS)
GAP_HOLDS = timedelta(seconds=2)
"""How long the projection of a room waits at a new sequence gap."""


@dataclass(slots=True)
class Projected:
    """The result of a projection. `more` is True if events are left for another transaction."""

    events: int = 0
    rows: int = 0
    more: bool = False


@dataclass(slots=True)
class Stretch:
    """Consecutive events of one stream, decoded and with their times."""

    cursor: RoomCursor
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


def due_rooms(limit: int | None = None) -> list[int]:
    """Return ids of rooms with events to project now, the longest-waiting first.

    `limit` is the maximum number of streams to consider.
    """
    is_due = has_come("project_due_at", now=clock.now(), longest=GAP_HOLDS)
    due = RoomCursor.objects.filter(is_due, room__sealed_at__isnull=True)
    ids = due.order_by("project_due_at", "id").values_list("room_id", flat=True)
    return list(dict.fromkeys(ids if limit is None else ids[:limit]))


def waiting_rooms() -> list[int]:
    """Return the ids of all rooms with events to project. Include rooms that wait for missing events."""
    waiting = RoomCursor.objects.filter(project_due_at__isnull=False, room__sealed_at=None)
    return list(waiting.order_by("room_id").values_list("room_id", flat=True).distinct())


def batches(room_ids: Iterable[int]) -> Iterator[list[int]]:
    """Split rooms into batches, in the given order. Each batch is for one transaction."""
    for chunk in chunks(room_ids):
        backlog = _backlog(chunk)
        batch: list[int] = []
        events = 0
        for room_id in chunk:
            more = backlog.get(room_id, 0)
            if batch and (events + more > AT_ONCE or len(batch) >= ROOMS_AT_ONCE):
                yield batch
                batch, events = [], 0
            batch.append(room_id)
            events += more
        yield batch


def _backlog(room_ids: Sequence[int]) -> dict[int, int]:
    """Return an estimate of the number of events to project, by room id.

    The estimate includes missing events, but not events without a number.
    """
    numbered = RoomCursor.objects.filter(room_id__in=room_ids, stream__in=NUMBERED)
    of_rooms = numbered.values("room_id").annotate(
        waiting=Sum(F("stored_sequence") - F("projected_sequence"))
    )
    return dict(of_rooms.values_list("room_id", "waiting"))


def project_rooms(room_ids: Iterable[int], *, past_gaps: bool = False) -> Projected:
    """Project all new events of these rooms, in batches. With `past_gaps`, do not wait for missing events."""
    total = Projected()
    for batch in batches(room_ids):
        part = project_batch(batch, past_gaps=past_gaps)
        total.events += part.events
        total.rows += part.rows
    return total


def project_room(room_id: int, *, past_gaps: bool = False) -> Projected:
    """Project all new events of one room. With `past_gaps`, do not wait for missing events."""
    return project_batch([room_id], past_gaps=past_gaps)


def project_batch(
    room_ids: Sequence[int], *, past_gaps: bool = False, skip_locked: bool = False
) -> Projected:
    """Project all new events of a few rooms. Use one transaction unless there are very many events.

    With `skip_locked`, leave out the rooms that another process stores or projects now, instead of waiting.
    """
    total = Projected()
    while True:
        part = _guarded(room_ids, from_scratch=False, past_gaps=past_gaps, skip_locked=skip_locked)
        total.events += part.events
        total.rows += part.rows
        if not part.more:
            return total


def project_again(room_id: int) -> Projected:
    """Project a room again from its first event. Write only the rows that differ."""
    return _guarded([room_id], from_scratch=True, past_gaps=True)


def projectable() -> QuerySet[Room]:
    """Return the rooms that may be projected: those whose events retention has not deleted."""
    return Room.objects.filter(sealed_at=None)


def outdated_room() -> int | None:
    """Return the id of the room with the latest event among those with an outdated projection.

    Return None if no projection is outdated.
    """
    outdated = projectable().filter(projection_version__lt=events.PROJECTION_VERSION)
    newest_first = outdated.order_by(F("last_event_at").desc(nulls_last=True), "-pk")
    return newest_first.values_list("pk", flat=True).first()


def _guarded(
    room_ids: Sequence[int], *, from_scratch: bool, past_gaps: bool, skip_locked: bool = False
) -> Projected:
    """Project these rooms. If an event can't be projected, quarantine it and start again without it."""
    failed: set[int] = set()
    while True:
        try:
            with garbage_collection.paused(), transaction.atomic():
                reader = Reader(again=from_scratch, failed=failed)
                cursors = (registry.lock_free_rooms if skip_locked else registry.lock_rooms)(room_ids)
                locked = _lock(cursors, even_idle=from_scratch, past_gaps=past_gaps)
                return _project(locked, reader, from_scratch=from_scratch)
        except CannotProject as error:
            log.exception("event %s can't be projected and is set aside", error.event_id)
            failed.add(error.event_id)
            with transaction.atomic():
                set_aside(error.event_id, error.reason)


@dataclass(slots=True)
class RoomProjection:
    """The projection of one room in a transaction: its locked cursors, its events and its rows."""

    room: Room
    cursors: list[RoomCursor]
    young: dict[str, SequenceGap]
    pending: list[PendingConfirmation]
    past_gaps: bool
    before: RoomRow
    rows: Rows = field(default_factory=Rows)
    stretches: list[Stretch] = field(default_factory=list)
    unfinished: set[int] = field(default_factory=set)
    events: int = 0
    repeats: dict[int, bool] = field(default_factory=dict)

    def read(self, reader: Reader) -> Needs:
        """Read the new events. Return which stored rows are needed to project them."""
        for cursor in self.cursors:
            stretch = _stretch(cursor, self.limit(cursor), reader) if cursor.project_due_at else None
            if stretch is not None and stretch.stored:
                self.stretches.append(stretch)
        self.unfinished = {stretch.cursor.pk for stretch in self.stretches if stretch.more}
        return needs([event for stretch in self.stretches for event in stretch.events])

    def project(self) -> None:
        for stretch in self.stretches:
            self.apply(stretch)
        if self.stretches and self.room.projection_version > events.PROJECTION_VERSION:
            self.stamp()  # a newer version runs beside this one, and will project the room again

    def stamp(self) -> None:
        """Store the version that projected the room."""
        self.room.projection_version = events.PROJECTION_VERSION
        self.room.save(update_fields=["projection_version"])

    def project_all(self, reader: Reader) -> int:
        """Project all events of the room and write the rows that differ. Return how many differ."""
        for cursor in self.cursors:
            corrections = deque(presence_corrections.of(self.room.pk) if cursor.stream == Stream.ROOM else [])
            below = self.limit(cursor)
            for stretch in _all_stretches(cursor, below, reader):
                self.apply(_with_corrections(stretch, corrections, at_end=below is None and not stretch.more))
            # If a correction follows an event that must wait, the next full projection applies it.
            cursor.needs_full_projection = bool(corrections)
        if self.room.projection_version != events.PROJECTION_VERSION:
            self.stamp()
        changed = read_models.replace(self.room, self.rows)
        return changed + gaps.show_gaps(self.room.pk)

    def apply(self, stretch: Stretch) -> None:
        """Apply some events, and confirm the commands that wait for them."""
        stretch.project_into(self.rows)
        of_event = zip(stretch.stored, stretch.events, strict=True)
        changed = ((row, event) for row, event in of_event if event.repeats != row.repeats)
        self.repeats |= {row.pk: event.repeats for row, event in changed if row.pk != CORRECTION}
        self.events += sum(row.pk != CORRECTION for row in stretch.stored)
        with log_context.work(room=self.room.key):
            confirmation.confirm(self.pending, stretch.events)

    def limit(self, cursor: RoomCursor) -> int | None:
        """Return the first missing number that the projection must wait for, or None."""
        gap = None if self.past_gaps else self.young.get(cursor.stream)
        return None if gap is None else gap.first

    def settle(self) -> None:
        """Set the time of the room's next projection in its cursors."""
        now = clock.now()
        for cursor in self.cursors:
            cursor.project_due_at = now if cursor.pk in self.unfinished else self._due_again(cursor)

    def _due_again(self, cursor: RoomCursor) -> datetime | None:
        if cursor.stream not in NUMBERED or cursor.projected_sequence >= cursor.stored_sequence:
            return None
        gap = self.young.get(cursor.stream)
        return clock.now() if gap is None else gap.found_at + GAP_HOLDS


def _project(locked: Sequence[RoomProjection], reader: Reader, *, from_scratch: bool) -> Projected:
    cursors = [cursor for each in locked for cursor in each.cursors]
    stored = {cursor.pk: _cursor_values(cursor) for cursor in cursors}
    changed = 0
    new: list[RoomProjection] = []
    for each in locked:
        if from_scratch or any(cursor.needs_full_projection for cursor in each.cursors):
            changed += each.project_all(reader)
        else:
            new.append(each)
    loaded = read_models.load([(each.room, each.read(reader)) for each in new])
    for each in new:
        each.rows = loaded[each.room.pk]
        each.project()
    changed += read_models.write([(each.room, each.rows) for each in new])
    for each in locked:
        each.settle()
    moved = [cursor for cursor in cursors if _cursor_values(cursor) != stored[cursor.pk]]
    statements.update_objects(moved, CURSOR_COLUMNS)
    reader.record()
    record_repeats({pk: repeats for each in locked for pk, repeats in each.repeats.items()})
    delays.note_projected(stretch.stored for each in new for stretch in each.stretches)
    for each in locked:
        registry.follow_up(each.room, before=each.before, rows=each.rows)
    return Projected(
        events=sum(each.events for each in locked),
        rows=changed,
        more=any(each.unfinished for each in locked),
    )


def _lock(cursors: dict[int, list[RoomCursor]], *, even_idle: bool, past_gaps: bool) -> list[RoomProjection]:
    """Lock and return the rooms of these cursors. With `even_idle`, include rooms without new events."""
    due = [
        room_id
        for room_id, own in cursors.items()
        if even_idle or any(cursor.project_due_at is not None for cursor in own)
    ]
    if not due:
        return []
    rooms = list(projectable().select_for_update().filter(pk__in=due).order_by("pk"))
    pending = confirmation.pending(rooms)
    young = _young_gaps(due)
    return [
        RoomProjection(
            room=room,
            cursors=_in_order(cursors[room.pk]),
            young=young.get(room.pk, {}),
            pending=pending.get(room.room_uuid, []),
            past_gaps=past_gaps,
            before=read_models.room_row(room),
        )
        for room in rooms
    ]


def _young_gaps(room_ids: Sequence[int]) -> dict[int, dict[str, SequenceGap]]:
    """Return the first new sequence gap of each stream, by room id."""
    found: dict[int, dict[str, SequenceGap]] = {}
    open_gaps = SequenceGap.objects.filter(room_id__in=room_ids, state=SequenceGap.State.OPEN)
    now = clock.now()
    young = open_gaps.filter(found_at__gt=now - GAP_HOLDS, found_at__lte=now + CLOCKS_DIFFER)
    for gap in young.order_by("first"):
        found.setdefault(gap.room_id, {}).setdefault(gap.stream, gap)
    return found


def _in_order(cursors: Sequence[RoomCursor]) -> list[RoomCursor]:
    return sorted(cursors, key=lambda cursor: list(Stream).index(Stream(cursor.stream)))


def _stretch(cursor: RoomCursor, below: int | None, reader: Reader) -> Stretch:
    """Read the events after the cursor. If `below` is not None, stop before this sequence number.

    Events without a number are in the order of arrival.
    """
    number = "sequence" if cursor.stream in NUMBERED else "id"
    where = f"room_id = %s AND stream = %s AND {number} > %s"
    parameters: list[Any] = [cursor.room_id, cursor.stream, cursor.projected_sequence]
    if below is not None:
        where, parameters = f"{where} AND sequence < %s", [*parameters, below]
    first = (f"{where} ORDER BY {number} LIMIT %s", [*parameters, AT_ONCE + 1])
    taken = [Kept(*columns) for columns in statements.select(StoredEvent, KEPT_COLUMNS, first)]
    events = [reader.read(row) for row in taken]
    stamps = [stamp(row, event) for row, event in zip(taken, events, strict=True)]
    more = len(taken) > AT_ONCE
    following = stamps.pop() if more else None
    times = event_times(cursor.projected_at, stamps, following)
    count = len(stamps)
    return Stretch(cursor=cursor, stored=taken[:count], events=events[:count], times=times, more=more)


def _with_corrections(stretch: Stretch, corrections: deque[Event[Any]], *, at_end: bool) -> Stretch:
    """Insert the due corrections between the events. Remove these corrections from `corrections`."""
    if not corrections:
        return stretch
    steps = zip(stretch.stored, stretch.events, stretch.times, strict=True)
    merged = presence_corrections.insert(list(steps), corrections, at_end=at_end)
    rows, decoded, times = (list(column) for column in zip(*merged, strict=True))
    return replace(stretch, stored=rows, events=decoded, times=times)


def _all_stretches(cursor: RoomCursor, below: int | None, reader: Reader) -> Iterator[Stretch]:
    """Yield all events of a stream in parts. The caller must apply each part before the next."""
    cursor.projected_sequence, cursor.projected_at, cursor.needs_full_projection = 0, None, False
    while (stretch := _stretch(cursor, below, reader)).stored:
        yield stretch
        if not stretch.more:
            return
