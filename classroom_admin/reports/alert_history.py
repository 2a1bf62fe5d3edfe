"""Find the alerts that a class had while it ran. They are not stored while they are shown.

They are computed after the class from who was present, raised hands and recordings, with the thresholds that
the settings have then. Alerts about banned people, delayed events and refused commands are not included:
their causes are not stored with times. `past_alerts` is pure. All times are in ms since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any, Final

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.spans import Span, union, without
from classroom_admin.reports.stays import ClassTime
from classroom_admin.rooms.alert_kinds import (
    ALONE,
    HAND,
    NO_TEACHER,
    OVER_TIME,
    RECORDING,
    Thresholds,
    thresholds,
)
from classroom_admin.rooms.models import Recording, Role, Room

KINDS: Final = (NO_TEACHER, ALONE, HAND, RECORDING, OVER_TIME)
"""The kinds of alerts that can be computed after a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatHappened:
    """The facts about a class that is over.

    `start` and `end` limit the class time. `closed` is when the class really ended, which may be later.
    `planned_end` is None if there was no planned end. `failed` are the moments at which recordings failed.
    """

    start: int
    end: int
    closed: int | None = None
    planned_end: int | None = None
    teachers: Sequence[Span] = ()
    assistants: Sequence[Span] = ()
    students: Sequence[Span] = ()
    hands: Sequence[Span] = ()
    recordings: Sequence[Span] = ()
    failed: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAlert:
    """An alert that was shown from `start` to `end`. `acknowledged` is when it was first acknowledged."""

    kind: str
    start: int
    end: int
    acknowledged: int | None = None

    @property
    def wait_ms(self) -> int | None:
        """Return how long it took to acknowledge the alert, or None if nobody did."""
        return None if self.acknowledged is None else self.acknowledged - self.start


def past_alerts(
    found: WhatHappened, limits: Thresholds, acknowledged: Mapping[str, Sequence[int]] | None = None
) -> list[PastAlert]:
    """Return the alerts of a class in order of time.

    `acknowledged` contains the times of acknowledgements by kind of alert.
    """
    moments = acknowledged or {}
    return sorted(
        (
            PastAlert(kind=kind, start=start, end=end, acknowledged=_first(moments.get(kind, ()), start, end))
            for kind, start, end in _alerts(found, limits)
        ),
        key=lambda one: (one.start, KINDS.index(one.kind)),
    )


def alerts_of(
    room: Room, time: ClassTime, tracks: Mapping[str, Sequence[Any]], people: Sequence[PersonSummary]
) -> list[list[Any]]:
    """Return the alerts of a class that is over, as rows for `ClassSummary.alerts`.

    `tracks` is `ClassSummary.tracks`. `people` are everyone in the class. They need not be stored yet.
    """
    if time.starts_at is None or not time.has_begun:
        return []
    failed = Recording.objects.filter(room=room, state=Recording.State.FAILED)
    ended, planned = room.ended_at or room.closed_at, room.timetable_end_at or room.planned_end_at

    def present(*roles: str) -> list[Span]:
        return [
            (start, end) for one in people if one.role in roles for start, end in one.spans.get("present", ())
        ]

    found = WhatHappened(
        start=clock.to_ms(time.starts_at),
        end=clock.to_ms(time.until),
        closed=None if ended is None else clock.to_ms(ended),
        planned_end=None if planned is None else clock.to_ms(planned),
        teachers=present(Role.TEACHER),
        assistants=present(Role.ASSISTANT),
        students=present(Role.STUDENT, Role.UNKNOWN),
        hands=[(start, end) for one in people for start, end in one.spans.get("hand", ())],
        recordings=[(start, end) for start, end, _id in tracks.get("recording", ())],
        failed=[clock.to_ms(at) for at in failed.values_list("ended_at", flat=True) if at is not None],
    )
    return as_rows(past_alerts(found, thresholds(), acknowledgements_of(room)))


def as_rows(alerts: Iterable[PastAlert]) -> list[list[Any]]:
    """Return alerts as `ClassSummary.alerts`: [[kind, start, end, acknowledged], ..]."""
    return [[one.kind, one.start, one.end, one.acknowledged] for one in alerts]


def from_rows(rows: Iterable[Sequence[Any]]) -> list[PastAlert]:
    """Return the alerts in `ClassSummary.alerts`."""
    return [PastAlert(kind=kind, start=start, end=end, acknowledged=at) for kind, start, end, at in rows]


def acknowledgements_of(room: Room) -> dict[str, list[int]]:
    """Return when alerts of a class were acknowledged, by kind of alert."""
    found: dict[str, list[int]] = {}
    entries = Entry.objects.filter(room_uuid=room.room_uuid, action="wall.snooze").order_by("at")
    for at, params in entries.values_list("at", "params"):
        for kind in params.get("reasons", ()):
            found.setdefault(kind, []).append(clock.to_ms(clock.as_cloud_time(at)))
    return found


def median_wait_ms(alerts: Iterable[PastAlert]) -> int | None:
    """Return the median time until alerts were acknowledged, or None if none was."""
    waits = [one.wait_ms for one in alerts if one.wait_ms is not None]
    return round(median(waits)) if waits else None


def _alerts(found: WhatHappened, limits: Thresholds) -> Iterator[tuple[str, int, int]]:
    start, end = found.start, found.end
    yield from _long(NO_TEACHER, without((start, end), found.teachers), limits.no_teacher)
    supervised = [*found.teachers, *found.assistants]
    alone = [
        (max(span[0], free[0]), min(span[1], free[1]))
        for free in without((start, end), supervised)
        for span in union(found.students)
        if max(span[0], free[0]) < min(span[1], free[1])
    ]
    yield from _long(ALONE, alone, limits.alone)
    yield from _long(HAND, found.hands, limits.hand)
    yield from _recording(found, limits)
    if found.planned_end is not None and found.closed is not None:
        yield from _long(OVER_TIME, [(found.planned_end, found.closed)], limits.over)


def _recording(found: WhatHappened, limits: Thresholds) -> Iterator[tuple[str, int, int]]:
    """Yield the times after a failed recording, and those that had to be recorded and were not."""
    for moment in found.failed:
        later = [span[0] for span in found.recordings if span[0] > moment]
        if found.start <= moment < found.end:
            yield RECORDING, moment, min([*later, found.end])
    if limits.record_all:
        yield from _long(RECORDING, without((found.start, found.end), found.recordings), limits.recording)


def _long(kind: str, spans: Iterable[Span], after: timedelta) -> Iterator[tuple[str, int, int]]:
    """Yield the spans that lasted longer than `after`. Their alert began then."""
    wait = round(after / timedelta(milliseconds=1))
    for start, end in spans:
        if end - start > wait:
            yield kind, start + wait, end


def _first(moments: Sequence[int], start: int, end: int) -> int | None:
    return min((at for at in moments if start <= at <= end), default=None)
