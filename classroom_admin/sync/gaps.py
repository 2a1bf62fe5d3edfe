"""Holes: numbers that are missing from a stream. Found when later ones arrive, asked for, and named for good.

open  → gone    the event arrived (from wherever)
open  → void    the cloud answered around it without it, twice and at least ten seconds apart
open  → gap     the room does not exist any more: nobody can be asked
void and gap    → gone    should the event arrive after all
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from classroom_admin.common import clock
from classroom_admin.rooms.models import Gap, Room
from classroom_admin.sync.models import NUMBERED, Errand, Hole, RoomCursor, StoredEvent

ASK_AGAIN = timedelta(seconds=10)
ASKS_FOR_VOID = 2


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int

    def without(self, numbers: Sequence[int]) -> list[Range]:
        """What is left when these numbers (ascending) are taken out."""
        left: list[Range] = []
        start = self.first
        for number in numbers:
            if not self.first <= number <= self.last:
                continue
            if number > start:
                left.append(Range(start, number - 1))
            start = number + 1
        if start <= self.last:
            left.append(Range(start, self.last))
        return left


def new_holes(numbers: Sequence[int], *, above: int) -> list[Range]:
    """The ranges that are missing between `above` (the highest stored so far) and new numbers (ascending)."""
    found: list[Range] = []
    for number in numbers:
        if number > above + 1:
            found.append(Range(above + 1, number - 1))
        above = max(above, number)
    return found


def state_after_ask(hole: Hole, *, asked_at: datetime) -> Hole:
    """Count an ask that was answered around the hole without it; void after enough, far enough apart."""
    hole.asks += 1
    hole.first_asked_at = hole.first_asked_at or asked_at
    hole.last_asked_at = asked_at
    if hole.asks >= ASKS_FOR_VOID and asked_at - hole.first_asked_at >= ASK_AGAIN:
        hole.state, hole.ask_due_at = Hole.State.VOID, None
    else:
        hole.ask_due_at = max(asked_at, hole.first_asked_at + ASK_AGAIN)
    return hole


def take(cursor: RoomCursor, numbers: Sequence[int]) -> None:
    """New numbers (ascending) of a locked cursor: note what is missing before them, close what they fill.

    Changes `cursor` (not saved): the highest stored, and whether an event came after a later one was
    projected.
    """
    if not numbers:
        return
    if numbers[0] <= cursor.folded_sequence:
        cursor.needs_refold = True
    _close(cursor, [number for number in numbers if number <= cursor.stored_sequence])
    now = clock.now()
    Hole.objects.bulk_create(
        [
            Hole(
                room_id=cursor.room_id,
                stream=cursor.stream,
                first=missing.first,
                last=missing.last,
                found_at=now,
                ask_due_at=now,
            )
            for missing in new_holes(numbers, above=cursor.stored_sequence)
        ]
    )
    cursor.stored_sequence = max(cursor.stored_sequence, numbers[-1])


def _close(cursor: RoomCursor, numbers: Sequence[int]) -> None:
    """Take numbers that arrived out of the holes they were missing from."""
    if not numbers:
        return
    of_place = Hole.objects.filter(room_id=cursor.room_id, stream=cursor.stream)
    hit = [
        hole
        for hole in of_place.filter(first__lte=numbers[-1], last__gte=numbers[0])
        if any(hole.first <= number <= hole.last for number in numbers)
    ]
    left: list[Hole] = []
    for hole in hit:
        for part in Range(hole.first, hole.last).without(numbers):
            left.append(
                Hole(
                    room_id=hole.room_id,
                    stream=hole.stream,
                    first=part.first,
                    last=part.last,
                    state=hole.state,
                    asks=hole.asks,
                    found_at=hole.found_at,
                    first_asked_at=hole.first_asked_at,
                    last_asked_at=hole.last_asked_at,
                    ask_due_at=hole.ask_due_at,
                )
            )
    Hole.objects.filter(pk__in=[hole.pk for hole in hit]).delete()
    Hole.objects.bulk_create(left)
    if any(hole.state == Hole.State.GAP for hole in hit):
        show_gaps(cursor.room_id)


def recheck(room_id: int) -> None:
    """Close holes above what was stored when they were noted (a lost end that came after all)."""
    for cursor in lock(room_id):
        of_place = StoredEvent.objects.filter(room_id=room_id, stream=cursor.stream)
        for hole in Hole.objects.filter(room_id=room_id, stream=cursor.stream, state=Hole.State.GAP):
            here = of_place.filter(sequence__gte=hole.first, sequence__lte=hole.last).order_by("sequence")
            _close(
                cursor, [number for number in here.values_list("sequence", flat=True) if number is not None]
            )


def lock(room_id: int) -> list[RoomCursor]:
    """Lock a room's cursors, in the order in which everybody does."""
    return list(RoomCursor.objects.select_for_update().filter(room_id=room_id).order_by("id"))


def give_up(room: Room, *, tail_lost: bool) -> None:
    """The room can't be asked any more: what is missing is a gap from now on. Call it with the cursors
    locked.

    `tail_lost`: the room ended after the last event that came here, so at least one more is missing.
    """
    now = clock.now()
    Room.objects.filter(pk=room.pk).update(gone_at=now, version=F("version") + 1)
    Hole.objects.filter(room=room, state=Hole.State.OPEN).update(state=Hole.State.GAP, ask_due_at=None)
    if tail_lost:
        cursor = RoomCursor.objects.get(room=room, stream="room")
        after = cursor.stored_sequence + 1
        Hole.objects.get_or_create(
            room=room,
            stream=cursor.stream,
            first=after,
            defaults={"last": after, "state": Hole.State.GAP, "found_at": now},
        )
    RoomCursor.objects.filter(room=room, stream__in=NUMBERED).update(sweep_due_at=None)
    Errand.objects.filter(room=room).update(profile_due_at=None, recordings_due_at=None)
    show_gaps(room.pk)


def show_gaps(room_id: int) -> bool:
    """Make the gaps that pages and reports show the same as the holes that are gaps. True: something
    changed.
    """
    wanted = {
        (hole.stream, hole.first, hole.last): hole
        for hole in Hole.objects.filter(room_id=room_id, state=Hole.State.GAP)
    }
    shown = {(gap.stream, gap.first, gap.last): gap.pk for gap in Gap.objects.filter(room_id=room_id)}
    Gap.objects.filter(pk__in=[pk for key, pk in shown.items() if key not in wanted]).delete()
    Gap.objects.bulk_create(
        [
            Gap(room_id=room_id, stream=stream, first=first, last=last, found_at=hole.found_at)
            for (stream, first, last), hole in wanted.items()
            if (stream, first, last) not in shown
        ]
    )
    return wanted.keys() != shown.keys()
