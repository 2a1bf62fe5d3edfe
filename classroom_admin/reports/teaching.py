"""Compare classes that are over: by teacher, class list, weekday and week.

`classes_of` reads the stored figures with a constant number of queries. The other functions are pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from typing import Any, Final

from django.db.models import Count, QuerySet

from classroom_admin.audit.models import Entry
from classroom_admin.audit.selectors import INTERVENTIONS
from classroom_admin.reports.alert_history import KINDS, PastAlert, from_rows, median_wait_ms
from classroom_admin.reports.attendance_totals import ClassFigures, Together, by_class
from classroom_admin.reports.models import ClassSummary, PersonSummary

_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtClass:
    """A class that is over: its attendance, recorded time (ms), interventions and alerts."""

    figures: ClassFigures
    recorded_ms: int
    interventions: int
    alerts: list[PastAlert]


@dataclass(slots=True, kw_only=True)
class Teaching:
    """The figures of several classes together. Durations are in ms."""

    attendance: Together = field(default_factory=Together)
    recorded_ms: int = 0
    interventions: int = 0
    alerts: list[PastAlert] = field(default_factory=list)

    @property
    def length_ms(self) -> int:
        return round(self.attendance.length / _MS)

    @property
    def coverage(self) -> float | None:
        """Return the recorded share of the class time (0 to 1), or None if there is no class time."""
        return self.recorded_ms / self.length_ms if self.length_ms else None

    @property
    def wait_ms(self) -> int | None:
        """Return the median time until an alert was acknowledged, or None if none was."""
        return median_wait_ms(self.alerts)

    def add(self, one: TaughtClass) -> None:
        self.attendance.add(one.figures)
        self.recorded_ms += min(one.recorded_ms, round(one.figures.length / _MS))
        self.interventions += one.interventions
        self.alerts += one.alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    """How often a kind of alert occurred, how often it was acknowledged, and the median time until then."""

    kind: str
    count: int
    acknowledged: int
    wait_ms: int | None


def classes_of(summaries: QuerySet[ClassSummary], people: QuerySet[PersonSummary]) -> list[TaughtClass]:
    """Return the classes in `summaries`, in their order. `people` are the people of these classes."""
    columns = summaries.values_list("pk", "room__room_uuid", "recorded_ms", "alerts")
    stored = {pk: row for pk, *row in columns}
    uuids = summaries.order_by().values("room__room_uuid")
    entries = Entry.objects.filter(action__in=INTERVENTIONS, room_uuid__in=uuids).order_by()
    interventions = dict(entries.values_list("room_uuid").annotate(n=Count("pk")))
    found = []
    for one in by_class(summaries, people):
        room_uuid, recorded_ms, alerts = stored.get(one.summary, ("", 0, []))
        found.append(
            TaughtClass(
                figures=one,
                recorded_ms=recorded_ms,
                interventions=interventions.get(room_uuid, 0),
                alerts=from_rows(alerts),
            )
        )
    return found


def total(classes: Iterable[TaughtClass]) -> Teaching:
    """Return the figures of all these classes together."""
    found = Teaching()
    for one in classes:
        found.add(one)
    return found


def by_teacher(
    classes: Collection[TaughtClass], own_rooms: Mapping[int, Collection[int]]
) -> dict[int, Teaching]:
    """Return the figures of each teacher who has classes. `own_rooms` has the rooms of each teacher.

    A class with several teachers counts for each of them.
    """
    of_room = {one.figures.room: one for one in classes}
    found = {
        teacher: [of_room[room] for room in rooms if room in of_room] for teacher, rooms in own_rooms.items()
    }
    return {teacher: total(own) for teacher, own in found.items() if own}


def by_list(classes: Iterable[TaughtClass]) -> dict[int | None, Teaching]:
    """Return the figures of each class list by its primary key. None has the classes without a list."""
    return _grouped((one.figures.class_list, one) for one in classes)


def by_weekday(classes: Iterable[TaughtClass], zone: tzinfo) -> dict[int, Teaching]:
    """Return the figures of each weekday in `zone`, in order. Monday is 0."""
    known = ((one.figures.starts_at, one) for one in classes)
    found = _grouped((at.astimezone(zone).weekday(), one) for at, one in known if at is not None)
    return dict(sorted(found.items()))


def by_week(classes: Iterable[TaughtClass], zone: tzinfo) -> dict[date, Teaching]:
    """Return the figures of each week in `zone` by its Monday, oldest first."""
    known = ((one.figures.starts_at, one) for one in classes)
    days = ((at.astimezone(zone).date(), one) for at, one in known if at is not None)
    return dict(sorted(_grouped((day - timedelta(days=day.weekday()), one) for day, one in days).items()))


def alert_figures(alerts: Iterable[PastAlert]) -> list[AlertFigures]:
    """Return the figures of each kind of alert that occurred, the most urgent kind first."""
    found: dict[str, list[PastAlert]] = defaultdict(list)
    for alert in alerts:
        found[alert.kind].append(alert)
    return [
        AlertFigures(
            kind=kind,
            count=len(found[kind]),
            acknowledged=sum(alert.acknowledged is not None for alert in found[kind]),
            wait_ms=median_wait_ms(found[kind]),
        )
        for kind in KINDS
        if kind in found
    ]


def _grouped(parts: Iterable[tuple[Any, TaughtClass]]) -> dict[Any, Teaching]:
    groups: dict[Any, Teaching] = defaultdict(Teaching)
    for key, one in parts:
        groups[key].add(one)
    return dict(groups)
