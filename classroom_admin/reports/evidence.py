"""Determine whether all events that a class report needs are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.sync.models import SequenceGap, StoredEvent, Stream
from classroom_admin.sync.reader import KEPT_COLUMNS, Kept, Reader, stamp

PRESENCE: Final = (1, 20)
"""The `cmd` of the events on which attendance is based: class state, entering and leaving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A period in which events are missing. None means that no stored event comes before or after it."""

    start: datetime | None
    stop: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The number of stored events of a room, and the periods in which events are missing."""

    events: int
    gaps: list[Missing]

    @property
    def complete(self) -> bool:
        return not self.gaps


def evidence_of(room: Room) -> Evidence:
    """Return the evidence for the attendance of a class: the room's events and their missing periods.

    An event is missing if it is lost or still requested, or if it can't be read and may be about presence.
    """
    events = StoredEvent.objects.filter(room=room, stream=Stream.ROOM)
    missing = SequenceGap.objects.filter(room=room, stream=Stream.ROOM).exclude(state=SequenceGap.State.VOID)
    ranges = list(missing.values_list("first", "last"))
    unreadable = events.exclude(unreadable="").filter(Q(cmd__in=PRESENCE) | Q(cmd=None))
    ranges += [
        (row.sequence, row.sequence) for row in unreadable.only("sequence") if row.sequence is not None
    ]
    gaps = [
        Missing(start=_time_of_last(room, sequence__lt=first), stop=_time_of_first(room, sequence__gt=last))
        for first, last in sorted(ranges)
    ]
    return Evidence(events=events.count(), gaps=gaps)


def _time_of_last(room: Room, **where: int) -> datetime | None:
    return _time_of(room, "-sequence", **where)


def _time_of_first(room: Room, **where: int) -> datetime | None:
    return _time_of(room, "sequence", **where)


def _time_of(room: Room, order: str, **where: int) -> datetime | None:
    """Return the time of the readable event that comes first in this order; None if there is none."""
    events = StoredEvent.objects.filter(room=room, stream=Stream.ROOM, unreadable="", **where)
    columns = events.order_by(order).values_list(*KEPT_COLUMNS).first()
    if columns is None:
        return None
    row = Kept(*columns)
    stamped = stamp(row, Reader(again=False, failed=set()).read(row))
    return row.received_at if stamped.ts_ms is None else clock.from_ms(stamped.ts_ms)
