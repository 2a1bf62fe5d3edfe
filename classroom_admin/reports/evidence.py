"""Determine whether all events that a class report needs are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from classroom_admin.common.clock import from_ms
from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.models import Room
from classroom_admin.sync.models import SequenceGap, StoredEvent, Stream
from classroom_admin.sync.reader import time_after, time_before

PRESENCE: Final = (1, 20)
"""The `cmd` of the events on which attendance is based: class state (1), entering and leaving (20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A period in which events are missing. Its start or end is None if no stored event limits it."""

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
    """Return how many events of a class are stored and in which periods events are missing.

    An event is missing if it is lost or still requested. It is also missing if it can't be read and may be
    about presence. The events of the class's breakout rooms count, too. If retention has deleted the events,
    return the figures that were stored before.
    """
    if room.sealed_at is not None and (stored := ClassSummary.objects.filter(room=room).first()):
        return Evidence(
            events=stored.events, gaps=[Missing(start=_at(a), stop=_at(b)) for a, b in stored.gaps]
        )
    own = _evidence_of(room)
    parts = [_evidence_of(one) for one in Room.objects.filter(parent_id=room.pk).order_by("pk")]
    return Evidence(
        events=own.events + sum(part.events for part in parts),
        gaps=[*own.gaps, *(gap for part in parts for gap in part.gaps)],
    )


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


def _evidence_of(room: Room) -> Evidence:
    events = StoredEvent.objects.filter(room=room, stream=Stream.ROOM)
    missing = SequenceGap.objects.filter(room=room, stream=Stream.ROOM).exclude(state=SequenceGap.State.VOID)
    ranges = list(missing.values_list("first", "last"))
    unreadable = events.exclude(unreadable="").filter(Q(cmd__in=PRESENCE) | Q(cmd=None))
    ranges += [
        (row.sequence, row.sequence) for row in unreadable.only("sequence") if row.sequence is not None
    ]
    gaps = [
        Missing(start=time_before(room.pk, first), stop=time_after(room.pk, last))
        for first, last in sorted(ranges)
    ]
    return Evidence(events=events.count(), gaps=gaps)
