"""Fold what is stored into the read models: one room in one transaction, one fold of a room at a time.

A fold takes up each stream where the last one stopped. An event that came after a later one was folded makes
the next fold begin from nothing; both ways give the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from classroom_admin.core import clock
from classroom_admin.rooms.models import Room
from classroom_admin.sync import aftermath, confirm, holes, read_models
from classroom_admin.sync.decode import Event, Stream
from classroom_admin.sync.fold import EventTime, Rows, event_times, fold, needs
from classroom_admin.sync.models import Hole, RoomCursor, StoredEvent
from classroom_admin.sync.reader import (
    FOLD_FAILED,
    INDIGESTIBLE,
    KEPT_COLUMNS,
    Kept,
    Reader,
    set_aside,
    stamp,
)

log = logging.getLogger(__name__)

AT_ONCE = 2000
"""Events of a stream in one transaction."""
HOLE_HOLDS = timedelta(seconds=2)
"""How long a hole keeps a room from being folded past it."""


@dataclass(slots=True)
class Folded:
    """What a fold did. `more`: there was more than one transaction's worth; fold again."""

    events: int = 0
    rows: int = 0
    more: bool = False


@dataclass(slots=True)
class Stretch:
    """A run of one stream's stored events, what was read from them, and when they happened."""

    cursor: RoomCursor
    stored: list[Kept]
    events: list[Event]
    times: list[EventTime]
    more: bool

    def fold_into(self, rows: Rows) -> None:
        for row, event, time in zip(self.stored, self.events, self.times, strict=True):
            try:
                fold(event, time, rows)
            except INDIGESTIBLE as error:
                raise Indigestible(row.pk, f"{FOLD_FAILED}: {type(error).__name__}: {error}") from error
        last = self.stored[-1]
        self.cursor.folded_sequence = last.pk if last.sequence is None else last.sequence
        self.cursor.folded_at = self.times[-1].at
        if self.cursor.stream == Stream.ROOM:
            rows.room.event_count += len(self.stored)
            rows.room.last_sequence = self.cursor.folded_sequence
            rows.dirty.add(("room",))


class Indigestible(Exception):
    """Folding this event failed; nothing of its transaction stays."""

    def __init__(self, event_id: int, reason: str) -> None:
        super().__init__(reason)
        self.event_id = event_id
        self.reason = reason


def due_rooms(limit: int | None = None) -> list[int]:
    """Ids of rooms with something to fold now, the longest waiting first."""
    due = RoomCursor.objects.filter(fold_due_at__lte=clock.now()).order_by("fold_due_at", "id")
    ids = due.values_list("room_id", flat=True)
    return list(dict.fromkeys(ids if limit is None else ids[:limit]))


def waiting_rooms() -> list[int]:
    """Ids of all rooms with something to fold, also those that wait for a hole."""
    waiting = RoomCursor.objects.filter(fold_due_at__isnull=False).order_by("room_id")
    return list(waiting.values_list("room_id", flat=True).distinct())


def fold_room(room_id: int, *, past_holes: bool = False) -> Folded:
    """Fold what is new in a room until nothing is left. `past_holes`: do not wait for what is missing."""
    total = Folded()
    while True:
        part = _guarded(room_id, from_scratch=False, past_holes=past_holes)
        total.events += part.events
        total.rows += part.rows
        if not part.more:
            return total


def refold_room(room_id: int) -> Folded:
    """Fold a room again from its first event and write only what comes out differently."""
    return _guarded(room_id, from_scratch=True, past_holes=True)


def _guarded(room_id: int, *, from_scratch: bool, past_holes: bool) -> Folded:
    """Fold; set aside the event that can't be folded, and try again without it."""
    failed: set[int] = set()
    while True:
        try:
            with transaction.atomic():
                reader = Reader(again=from_scratch, failed=failed)
                return _fold(room_id, reader, from_scratch=from_scratch, past_holes=past_holes)
        except Indigestible as error:
            log.exception("event %s can't be folded and is set aside", error.event_id)
            failed.add(error.event_id)
            with transaction.atomic():
                set_aside(error.event_id, error.reason)


def _fold(room_id: int, reader: Reader, *, from_scratch: bool, past_holes: bool) -> Folded:
    cursors = holes.lock(room_id)
    if not from_scratch and all(cursor.fold_due_at is None for cursor in cursors):
        return Folded()
    room = Room.objects.select_for_update().get(pk=room_id)
    before = read_models.room_row(room)
    waiting = confirm.waiting(room)
    limits = {} if past_holes else {cursor.pk: limit for cursor in cursors if (limit := _limit(cursor))}
    unfinished: set[int] = set()
    count = 0
    if from_scratch or any(cursor.needs_refold for cursor in cursors):
        rows = Rows.empty()
        for cursor in _in_order(cursors):
            for stretch in _all_stretches(cursor, limits.get(cursor.pk), reader):
                stretch.fold_into(rows)
                count += len(stretch.events)
                confirm.confirm(waiting, stretch.events)
        changed = read_models.replace(room, rows)
        if holes.show_gaps(room_id):
            changed += 1
    else:
        found = [_stretch(cursor, limits.get(cursor.pk), reader) for cursor in _in_order(cursors)]
        stretches = [stretch for stretch in found if stretch.stored]
        rows = read_models.load(room, needs([event for stretch in stretches for event in stretch.events]))
        for stretch in stretches:
            stretch.fold_into(rows)
            count += len(stretch.events)
            confirm.confirm(waiting, stretch.events)
        unfinished = {stretch.cursor.pk for stretch in stretches if stretch.more}
        changed = read_models.write(room, rows)
    _settle(cursors, unfinished)
    reader.record()
    aftermath.plan(room, before=before, rows=rows)
    return Folded(events=count, rows=changed, more=bool(unfinished))


def _in_order(cursors: Sequence[RoomCursor]) -> list[RoomCursor]:
    order = list(Stream)
    return sorted(cursors, key=lambda cursor: order.index(Stream(cursor.stream)))


def _limit(cursor: RoomCursor) -> int | None:
    """The first number of a hole that is young enough to wait for: fold what is below it. None: no bound."""
    if cursor.folded_sequence >= cursor.stored_sequence and not cursor.needs_refold:
        return None
    hole = _young_hole(cursor)
    return None if hole is None else hole.first


def _young_hole(cursor: RoomCursor) -> Hole | None:
    of_place = Hole.objects.filter(room_id=cursor.room_id, stream=cursor.stream, state=Hole.State.OPEN)
    return of_place.filter(found_at__gt=clock.now() - HOLE_HOLDS).order_by("first").first()


def _stretch(cursor: RoomCursor, below: int | None, reader: Reader) -> Stretch:
    """Read on where the cursor is. Peer messages have no number: their place is the order of arrival."""
    number = "id" if cursor.stream == Stream.PEER else "sequence"
    of_place = StoredEvent.objects.filter(room_id=cursor.room_id, stream=cursor.stream)
    stored = of_place.filter(**{f"{number}__gt": cursor.folded_sequence})
    if below is not None:
        stored = stored.filter(sequence__lt=below)
    rows = stored.order_by(number).values_list(*KEPT_COLUMNS)[: AT_ONCE + 1]
    taken = [Kept(*columns) for columns in rows]
    events = [reader.read(row) for row in taken]
    stamps = [stamp(row, event) for row, event in zip(taken, events, strict=True)]
    more = len(taken) > AT_ONCE
    following = stamps.pop() if more else None
    times = event_times(cursor.folded_at, stamps, following)
    count = len(stamps)
    return Stretch(cursor=cursor, stored=taken[:count], events=events[:count], times=times, more=more)


def _all_stretches(cursor: RoomCursor, below: int | None, reader: Reader) -> Iterator[Stretch]:
    """A whole stream from its first event; each stretch must be folded before the next is asked for."""
    cursor.folded_sequence, cursor.folded_at, cursor.needs_refold = 0, None, False
    while (stretch := _stretch(cursor, below, reader)).stored:
        yield stretch
        if not stretch.more:
            return


def _settle(cursors: Sequence[RoomCursor], unfinished: set[int]) -> None:
    """Write how far the streams are folded, and when to fold again what waits behind a hole."""
    for cursor in cursors:
        cursor.fold_due_at = clock.now() if cursor.pk in unfinished else _due_again(cursor)
    RoomCursor.objects.bulk_create(
        cursors,
        update_conflicts=True,
        unique_fields=["room", "stream"],
        update_fields=["folded_sequence", "folded_at", "needs_refold", "fold_due_at"],
    )


def _due_again(cursor: RoomCursor) -> datetime | None:
    if cursor.stream == Stream.PEER or cursor.folded_sequence >= cursor.stored_sequence:
        return None
    hole = _young_hole(cursor)
    return clock.now() if hole is None else hole.found_at + HOLE_HOLDS
