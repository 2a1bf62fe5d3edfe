"""Compute the parts of a person's stays that are within the time of a class. All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from classroom_admin.rooms.models import RoomState

_BEGUN: Final = (RoomState.STARTED, RoomState.ENDED, RoomState.CLOSED)
_OVER: Final = (RoomState.ENDED, RoomState.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A stay in the room. `left_at` is None during the stay. `entered_at` is None if it is unknown."""

    entered_at: datetime | None
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTime:
    """The period of a class for which attendance counts. All times are cloud times.

    While the class runs, `ends_at` is the planned end. It is None if no end is known. `until` is now or
    `ends_at`, whichever is earlier.
    """

    starts_at: datetime | None
    ends_at: datetime | None
    until: datetime
    has_begun: bool
    is_over: bool

    @property
    def length(self) -> timedelta | None:
        """Return how long the class has run so far, or None if its start is unknown."""
        return None if self.starts_at is None else max(self.until - self.starts_at, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A part of the class time during which a person was in the room. `start` is None if it is unknown."""

    start: datetime | None
    stop: datetime
    lasts: bool = False

    @property
    def first(self) -> datetime:
        """Return the first moment at which the person was certainly present."""
        return self.stop if self.start is None else self.start

    @property
    def length(self) -> timedelta:
        return self.stop - self.first


def class_time(room: Any, *, now: datetime) -> ClassTime:
    """Return the class time of a room.

    A class begins at its planned start or its actual start, whichever is later. It ends at its planned end or
    its actual end, whichever is earlier. Planned times that do not overlap with the actual times are ignored.
    A start that is later than the end is ignored, too.
    """
    planned_start = room.timetable_start_at or room.planned_start_at
    planned_end = room.timetable_end_at or room.planned_end_at
    state = room.current_state
    if state not in _BEGUN:
        return ClassTime(
            starts_at=planned_start, ends_at=planned_end, until=now, has_begun=False, is_over=False
        )
    is_over = state in _OVER or room.gone_at is not None
    ended = room.ended_at or room.closed_at or ((room.last_event_at or room.gone_at) if is_over else None)
    starts = room.started_at or planned_start
    if planned_start and starts and starts < planned_start and not (ended and ended <= planned_start):
        starts = planned_start
    if starts and ended and ended < starts:
        starts = None
    if planned_end and starts and planned_end <= starts:
        planned_end = None
    ends = min(filter(None, (ended, planned_end)), default=None)
    until = now if ends is None else ends if is_over else min(now, ends)
    return ClassTime(
        starts_at=starts,
        ends_at=ends,
        until=until,
        has_begun=is_over or starts is None or starts <= now,
        is_over=is_over,
    )


def inside(stays: Iterable[Stay], time: ClassTime) -> list[Inside]:
    """Return the parts of the class time that the stays cover, in order.

    Overlapping stays become one part. The class time includes its start and excludes its end. If the start of
    a stay is unknown, the person counts as present only at the moment when they left.
    """
    parts = [part for stay in stays if (part := _clipped(stay, time))]
    merged: list[Inside] = []
    for part in sorted(parts, key=lambda part: part.first):
        last = merged[-1] if merged else None
        if last is not None and part.first < last.stop:
            merged[-1] = Inside(
                start=last.start, stop=max(last.stop, part.stop), lasts=last.lasts or part.lasts
            )
        else:
            merged.append(part)
    return merged


def _clipped(stay: Stay, time: ClassTime) -> Inside | None:
    """Return the part of a stay that is inside the class time, or None."""
    if not time.has_begun:
        return None
    left = time.until if stay.left_at is None else min(stay.left_at, time.until)
    lasts = not time.is_over and stay.left_at is None and (time.ends_at is None or time.until < time.ends_at)
    entered = stay.entered_at if stay.entered_at is not None else stay.left_at
    if entered is None:
        return None
    start = entered if time.starts_at is None else max(entered, time.starts_at)
    is_moment = start == left and (lasts or stay.entered_at in (None, stay.left_at))
    before_the_end = time.ends_at is None or start < time.ends_at
    if start < left or (is_moment and before_the_end):
        return Inside(start=None if stay.entered_at is None else start, stop=left, lasts=lasts)
    return None
