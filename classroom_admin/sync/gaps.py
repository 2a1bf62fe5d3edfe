"""Track sequence gaps: missing sequence numbers of a stream. A later number reveals a gap.

open → deleted          the event arrived
open → void             two responses, at least ten seconds apart, had later numbers but not this one
open → gap              the cloud no longer has the room, so the event is lost
void or gap → deleted   the event arrived after all
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from classroom_admin.common import clock
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.models import Gap, Room
from classroom_admin.sync import notices, signals
from classroom_admin.sync.cursors import Cursor, lock_cursors
from classroom_admin.sync.models import (
    NUMBERED,
    PresenceCorrection,
    RoomCursor,
    RoomRefresh,
    SequenceGap,
    StoredEvent,
    Stream,
)

ASK_AGAIN = timedelta(seconds=10)
ASKS_FOR_VOID = 2


@dataclass(frozen=True, slots=True)
class Range:
    """A range of sequence numbers from `first` to `last`, both included."""

    first: int
    last: int

    def without(self, numbers: Sequence[int]) -> list[Range]:
        """Return the ranges that remain if `numbers` are removed. `numbers` must be ascending."""
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


def missing_ranges(numbers: Sequence[int], *, above: int) -> list[Range]:
    """Return the ranges of numbers above `above` that are missing from `numbers`, which must be ascending."""
    found: list[Range] = []
    for number in numbers:
        if number > above + 1:
            found.append(Range(above + 1, number - 1))
        above = max(above, number)
    return found


def state_after_ask(gap: SequenceGap, *, asked_at: datetime) -> SequenceGap:
    """Count a response that did not contain the gap's events. After enough of them, set the gap to void."""
    gap.asks += 1
    gap.first_asked_at = gap.first_asked_at or asked_at
    gap.last_asked_at = asked_at
    if gap.asks >= ASKS_FOR_VOID and asked_at - gap.first_asked_at >= ASK_AGAIN:
        gap.state, gap.ask_due_at = SequenceGap.State.VOID, None
    else:
        gap.ask_due_at = max(asked_at, gap.first_asked_at + ASK_AGAIN)
    return gap


def update(cursor: Cursor, numbers: Sequence[int]) -> None:
    """Update a stream's gaps and its cursor after events with these numbers arrived.

    `numbers` must be ascending. The caller must lock the cursor before the call and save it afterwards.
    """
    if not numbers:
        return
    if numbers[0] <= cursor.projected_sequence:
        cursor.needs_full_projection = True
    _close(cursor, [number for number in numbers if number <= cursor.stored_sequence])
    if missing := missing_ranges(numbers, above=cursor.stored_sequence):
        now = clock.now()
        SequenceGap.objects.bulk_create(
            SequenceGap(
                room_id=cursor.room_id,
                stream=cursor.stream,
                first=one.first,
                last=one.last,
                found_at=now,
                ask_due_at=now,
            )
            for one in missing
        )
    cursor.stored_sequence = max(cursor.stored_sequence, numbers[-1])


def _close(cursor: Cursor, numbers: Sequence[int]) -> None:
    """Remove these numbers from the sequence gaps, because their events have arrived."""
    if not numbers:
        return
    of_place = SequenceGap.objects.filter(room_id=cursor.room_id, stream=cursor.stream)
    hit = [
        gap
        for gap in of_place.filter(first__lte=numbers[-1], last__gte=numbers[0])
        if any(gap.first <= number <= gap.last for number in numbers)
    ]
    left: list[SequenceGap] = []
    for gap in hit:
        for part in Range(gap.first, gap.last).without(numbers):
            rest = copy(gap)
            rest.pk, rest.first, rest.last = None, part.first, part.last
            left.append(rest)
    SequenceGap.objects.filter(pk__in=[gap.pk for gap in hit]).delete()
    SequenceGap.objects.bulk_create(left)
    lost = [gap for gap in hit if gap.state == SequenceGap.State.GAP]
    if lost:
        _undo_fillings(cursor, above=min(gap.first for gap in lost) - 1)
        show_gaps(cursor.room_id)


def _undo_fillings(cursor: Cursor, *, above: int) -> None:
    """Delete presence corrections from notifications if their number is above `above`.

    Lost events have arrived. `notification_presence` computes the corrections again for the events that are
    still lost.
    """
    if cursor.stream != Stream.ROOM:
        return
    fillings = PresenceCorrection.objects.filter(
        room_id=cursor.room_id,
        source=PresenceCorrection.Source.NOTICE,
        after_sequence__gt=above,
    )
    undone, _by_model = fillings.delete()
    if undone:
        cursor.needs_full_projection = True
        RoomCursor.objects.filter(pk=cursor.id).update(needs_full_projection=True, project_due_at=clock.now())
        notices.look_again(cursor.room_id)


def recheck(room_id: int) -> None:
    """Remove the numbers of stored events from the room's gaps of lost events.

    Also delete the corrections above the last projected number, because they must follow all stored events.
    """
    for cursor in lock(room_id):
        if cursor.stream == Stream.ROOM:
            _undo_fillings(cursor, above=cursor.projected_sequence)
        of_place = StoredEvent.objects.filter(room_id=room_id, stream=cursor.stream)
        for gap in SequenceGap.objects.filter(
            room_id=room_id, stream=cursor.stream, state=SequenceGap.State.GAP
        ):
            here = of_place.filter(sequence__gte=gap.first, sequence__lte=gap.last).order_by("sequence")
            _close(
                cursor, [number for number in here.values_list("sequence", flat=True) if number is not None]
            )


def lock(room_id: int) -> list[Cursor]:
    """Lock and return a room's cursors in ascending order of id. Every writer uses this order."""
    return list(lock_cursors("room_id", [room_id]))


def give_up(room: Room, *, end_lost: bool) -> None:
    """Mark the room as gone from the cloud and its missing events as lost.

    The cursors must be locked. `end_lost` is True if events are missing at the end of the class.
    """
    now = clock.now()
    Room.objects.filter(pk=room.pk).update(gone_at=now, version=F("version") + 1)
    list_versions.keep(room, closed_at=room.closed_at)
    SequenceGap.objects.filter(room=room, state=SequenceGap.State.OPEN).update(
        state=SequenceGap.State.GAP, ask_due_at=None
    )
    if end_lost:
        cursor = RoomCursor.objects.get(room=room, stream="room")
        after = cursor.stored_sequence + 1
        SequenceGap.objects.get_or_create(
            room=room,
            stream=cursor.stream,
            first=after,
            defaults={"last": after, "state": SequenceGap.State.GAP, "found_at": now},
        )
    RoomCursor.objects.filter(room=room, stream__in=NUMBERED).update(reconcile_due_at=None)
    RoomRefresh.objects.filter(room=room).update(
        profile_due_at=None, recordings_due_at=None, people_due_at=None
    )
    notices.look_again(room.pk)  # even if this process dies, notifications then show who was present
    show_gaps(room.pk)
    signals.gone.send(sender=Room, room=room)


def show_gaps(room_id: int) -> bool:
    """Copy the gaps of lost events to `rooms.Gap` for pages and reports. Return whether anything changed."""
    wanted = {
        (lost.stream, lost.first, lost.last): lost
        for lost in SequenceGap.objects.filter(room_id=room_id, state=SequenceGap.State.GAP)
    }
    shown = {(gap.stream, gap.first, gap.last): gap.pk for gap in Gap.objects.filter(room_id=room_id)}
    Gap.objects.filter(pk__in=[pk for key, pk in shown.items() if key not in wanted]).delete()
    Gap.objects.bulk_create(
        [
            Gap(room_id=room_id, stream=stream, first=first, last=last, found_at=lost.found_at)
            for (stream, first, last), lost in wanted.items()
            if (stream, first, last) not in shown
        ]
    )
    return wanted.keys() != shown.keys()
