"""Compare classes that are over: by teacher, class list, weekday and week.

`classes_of` reads the stored figures with a constant number of queries. The other functions are pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.audit.models import Entry
from classroom_admin.audit.selectors import INTERVENTIONS
from classroom_admin.reports.alert_history import KINDS, PastAlert, from_rows, median_wait_ms
from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import Role, RoomTeacher

_ATTENDED: Final = [one for one in Status if one not in (Status.ABSENT, Status.EXCUSED)]
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher of a class. `pk` is None if the teacher joined with an id that belongs to no account."""

    pk: int | None
    name: str


@dataclass(slots=True, kw_only=True)
class OneClass:
    """The figures of a class that is over. Durations are in ms.

    `expected` counts the students who had to attend: excused students are left out.
    """

    room_id: int
    room_uuid: str
    starts_at: datetime
    length_ms: int
    recorded_ms: int
    complete: bool
    list_key: str
    list_name: str
    alerts: list[PastAlert]
    teachers: list[Teacher] = field(default_factory=list)
    expected: int = 0
    attended: int = 0
    interventions: int = 0


@dataclass(slots=True, kw_only=True)
class Figures:
    """The sum of several classes. `key` identifies what they have in common, and `name` is its name."""

    key: Any
    name: str
    classes: int = 0
    length_ms: int = 0
    recorded_ms: int = 0
    expected: int = 0
    attended: int = 0
    interventions: int = 0
    incomplete: int = 0
    alerts: list[PastAlert] = field(default_factory=list)

    @property
    def hours(self) -> float:
        return self.length_ms / 3_600_000

    @property
    def attendance(self) -> float | None:
        """Return the share of the expected students who attended, or None if nobody was expected."""
        return self.attended / self.expected if self.expected else None

    @property
    def coverage(self) -> float | None:
        """Return the recorded share of the class time, or None if there is none."""
        return min(self.recorded_ms / self.length_ms, 1.0) if self.length_ms else None

    @property
    def wait_ms(self) -> int | None:
        """Return the median time until an alert was acknowledged, or None."""
        return median_wait_ms(self.alerts)

    def add(self, one: OneClass) -> None:
        self.classes += 1
        self.length_ms += one.length_ms
        self.recorded_ms += min(one.recorded_ms, one.length_ms)
        self.expected += one.expected
        self.attended += one.attended
        self.interventions += one.interventions
        self.incomplete += not one.complete
        self.alerts += one.alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    """How often a kind of alert occurred, how often it was acknowledged, and the median time until then."""

    kind: str
    count: int
    acknowledged: int
    wait_ms: int | None


def total(classes: Iterable[OneClass]) -> Figures:
    """Return the figures of all classes."""
    found = Figures(key=None, name="")
    for one in classes:
        found.add(one)
    return found


def by_teacher(classes: Iterable[OneClass]) -> list[Figures]:
    """Return the figures of each teacher, most hours first. A class of two teachers counts for both."""
    return _sorted(
        _grouped(
            (teacher.pk or teacher.name, teacher.name, one) for one in classes for teacher in one.teachers
        )
    )


def by_list(classes: Iterable[OneClass]) -> list[Figures]:
    """Return the figures of each class list, most hours first. Classes without a list have the key ""."""
    return _sorted(_grouped((one.list_key, one.list_name, one) for one in classes))


def by_weekday(classes: Iterable[OneClass], zone: tzinfo) -> list[Figures]:
    """Return the figures of each weekday in `zone`. The key of Monday is 0."""
    found = _grouped((one.starts_at.astimezone(zone).weekday(), "", one) for one in classes)
    return sorted(found, key=lambda one: one.key)


def by_week(classes: Iterable[OneClass], zone: tzinfo) -> list[Figures]:
    """Return the figures of each week in `zone`, oldest first. The key is the date of its Monday."""
    found = _grouped((_monday(one.starts_at, zone), "", one) for one in classes)
    return sorted(found, key=lambda one: one.key)


def alert_figures(classes: Iterable[OneClass]) -> list[AlertFigures]:
    """Return the figures of each kind of alert that occurred, most urgent first."""
    found: dict[str, list[PastAlert]] = defaultdict(list)
    for one in classes:
        for alert in one.alerts:
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


def classes_of(summaries: QuerySet[ClassSummary]) -> list[OneClass]:
    """Return the classes of these summaries whose times are known, newest first."""
    summaries = summaries.filter(starts_at__isnull=False, ends_at__isnull=False)
    columns = (
        "pk", "room_id", "room__room_uuid", "starts_at", "ends_at", "recorded_ms", "gaps", "alerts",
        "class_list__key", "class_list__name", "list_version__name",
    )  # fmt: skip
    found: dict[int, OneClass] = {}
    for pk, room_id, uuid, starts, ends, recorded, gaps, alerts, key, name, kept in summaries.values_list(
        *columns
    ):
        found[pk] = OneClass(
            room_id=room_id,
            room_uuid=uuid,
            starts_at=starts,
            length_ms=max(round((ends - starts) / _MS), 0),
            recorded_ms=recorded,
            complete=not gaps,
            list_key=key or "",
            list_name=name or kept or "",
            alerts=from_rows(alerts),
        )
    of = summaries.order_by()
    _add_people(found, of)
    _add_teachers({one.room_id: one for one in found.values()}, of)
    _add_interventions({one.room_uuid: one for one in found.values()}, of)
    return list(found.values())


def _add_people(found: Mapping[int, OneClass], summaries: QuerySet[ClassSummary]) -> None:
    final = Coalesce(F("correction__status"), F("status"))
    people = PersonSummary.objects.filter(summary__in=summaries.values("pk"), counts=True).annotate(
        final=final
    )
    counted = people.values_list("summary_id").order_by().annotate(
        expected=Count("pk", filter=~Q(final__in=("", Status.EXCUSED))),
        attended=Count("pk", filter=Q(final__in=_ATTENDED)),
    )  # fmt: skip
    for pk, expected, attended in counted:
        found[pk].expected, found[pk].attended = expected, attended


def _add_teachers(found: Mapping[int, OneClass], summaries: QuerySet[ClassSummary]) -> None:
    """Add the teachers to whom a class is assigned, and those who joined it."""
    rooms = summaries.values("room_id")
    assigned = RoomTeacher.objects.filter(room__in=rooms).values_list("room_id", "user_id")
    joined = PersonSummary.objects.filter(room__in=rooms, role=Role.TEACHER)
    owners = dict(CloudIdentity.objects.values_list("user_uuid", "user_id"))
    teachers: dict[int, dict[Any, Teacher]] = defaultdict(dict)
    accounts = {user.pk: str(user) for user in User.objects.all()}
    for room_id, user_id in assigned:
        teachers[room_id][user_id] = Teacher(user_id, accounts[user_id])
    for room_id, uuid, name in joined.values_list("room_id", "user_uuid", "name"):
        pk = owners.get(uuid)
        if pk is not None:
            teachers[room_id][pk] = Teacher(pk, accounts[pk])
        else:
            teachers[room_id].setdefault(name, Teacher(None, name))
    for room_id, those in teachers.items():
        found[room_id].teachers = list(those.values())


def _add_interventions(found: Mapping[str, OneClass], summaries: QuerySet[ClassSummary]) -> None:
    uuids = summaries.values("room__room_uuid")
    entries = Entry.objects.filter(action__in=INTERVENTIONS, room_uuid__in=uuids)
    for uuid, number in entries.values_list("room_uuid").order_by().annotate(n=Count("pk")):
        found[uuid].interventions = number


def _grouped(parts: Iterable[tuple[Any, str, OneClass]]) -> list[Figures]:
    groups: dict[Any, Figures] = {}
    for key, name, one in parts:
        if key not in groups:
            groups[key] = Figures(key=key, name=name)
        groups[key].add(one)
    return list(groups.values())


def _sorted(found: Sequence[Figures]) -> list[Figures]:
    return sorted(found, key=lambda one: (-one.length_ms, one.name.casefold()))


def _monday(when: datetime, zone: tzinfo) -> date:
    day = when.astimezone(zone).date()
    return day - timedelta(days=day.weekday())
