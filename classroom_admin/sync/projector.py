"""Project stored events into the read models, one room or a few rooms in one transaction.

A projection continues each stream where the previous projection stopped. If an event arrives after later
events were projected, the next projection starts from the first event. Both methods give the same rows.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from django.db import transaction
from django.db.models import F, QuerySet, Sum

from classroom_admin import events
from classroom_admin.audit.models import PendingConfirmation
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.due_times import CLOCKS_DIFFER, has_come
from classroom_admin.common.logs import context as log_context
from classroom_admin.events import Needs, RoomRow, Rows, Stream, needs
from classroom_admin.rooms.models import Room
from classroom_admin.sync import (
    confirmation,
    delays,
    gaps,
    garbage_collection,
    presence_corrections,
    read_models,
    registry,
)
from classroom_admin.sync.cursors import Cursor, save_cursors
from classroom_admin.sync.models import NUMBERED, RoomCursor, SequenceGap
from classroom_admin.sync.presence_corrections import CORRECTION
from classroom_admin.sync.reader import Reader, record_repeats, set_aside
from classroom_admin.sync.stretches import (
    AT_ONCE,
    CannotProject,
    Stretch,
    read_all,
    read_new,
    with_corrections,
)

log = logging.getLogger(__name__)

ROOMS_AT_ONCE = 50
"""The maximum number of rooms in one transaction. Small projections share a commit to save time."""
MOVED_COLUMNS = ("projected_sequence", "projected_at", "needs_full_projection", "project_due_at")
_moved_values = attrgetter(*MOVED_COLUMNS)
_ORDER = {stream.value: place for place, stream in enumerate(Stream)}
GAP_HOLDS = timedelta(seconds=2)
"""How long the projection of a room waits at a new sequence gap."""


@dataclass(slots=True)
class Projected:
    """The result of a projection. `more` is True if events are left for another transaction."""

    events: int = 0
    rows: int = 0
    more: bool = False


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
    cursors: list[Cursor]
    young: dict[str, SequenceGap]
    pending: list[PendingConfirmation]
    past_gaps: bool
    before: RoomRow
    rows: Rows = field(default_factory=Rows)
    stretches: list[Stretch] = field(default_factory=list)
    unfinished: set[int] = field(default_factory=set)
    events: int = 0
    repeats: dict[int, bool] = field(default_factory=dict)

    def wanted(self) -> list[tuple[Cursor, int | None]]:
        """Return the cursors of the streams with new events, each with its limit."""
        return [(cursor, self.limit(cursor)) for cursor in self.cursors if cursor.project_due_at]

    def take(self, found: Mapping[int, Stretch]) -> Needs:
        """Take the new events of this room. Return which stored rows are needed to project them."""
        self.stretches = [found[cursor.id] for cursor in self.cursors if cursor.id in found]
        self.unfinished = {stretch.cursor.id for stretch in self.stretches if stretch.more}
        return needs(event for stretch in self.stretches for event in stretch.events)

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
            for stretch in read_all(cursor, below, reader):
                self.apply(with_corrections(stretch, corrections, at_end=below is None and not stretch.more))
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

    def limit(self, cursor: Cursor) -> int | None:
        """Return the first missing number that the projection must wait for, or None."""
        gap = None if self.past_gaps else self.young.get(cursor.stream)
        return None if gap is None else gap.first

    def settle(self) -> None:
        """Set the time of the room's next projection in its cursors."""
        now = clock.now()
        for cursor in self.cursors:
            cursor.project_due_at = now if cursor.id in self.unfinished else self._due_again(cursor)

    def _due_again(self, cursor: Cursor) -> datetime | None:
        if cursor.stream not in NUMBERED or cursor.projected_sequence >= cursor.stored_sequence:
            return None
        gap = self.young.get(cursor.stream)
        return clock.now() if gap is None else gap.found_at + GAP_HOLDS


def _project(locked: Sequence[RoomProjection], reader: Reader, *, from_scratch: bool) -> Projected:
    cursors = [cursor for each in locked for cursor in each.cursors]
    stored = {cursor.id: _moved_values(cursor) for cursor in cursors}
    changed = 0
    new: list[RoomProjection] = []
    for each in locked:
        if from_scratch or any(cursor.needs_full_projection for cursor in each.cursors):
            changed += each.project_all(reader)
        else:
            new.append(each)
    found = read_new([wanted for each in new for wanted in each.wanted()], reader)
    loaded = read_models.load([(each.room, each.take(found)) for each in new])
    for each in new:
        each.rows = loaded[each.room.pk]
        each.project()
    changed += read_models.write([(each.room, each.rows) for each in new])
    for each in locked:
        each.settle()
    moved = [cursor for cursor in cursors if _moved_values(cursor) != stored[cursor.id]]
    save_cursors(moved, MOVED_COLUMNS)
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


def _lock(cursors: dict[int, list[Cursor]], *, even_idle: bool, past_gaps: bool) -> list[RoomProjection]:
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


def _in_order(cursors: Sequence[Cursor]) -> list[Cursor]:
    return sorted(cursors, key=lambda cursor: _ORDER[cursor.stream])
