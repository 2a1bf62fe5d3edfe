"""Add up the stored attendance of many classes: by class, student, week, class list and teacher.

The database adds up the rows of people, so a report reads one row for each class and one for each student.
A corrected status counts in place of the measured one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    Max,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf

from classroom_admin.reports.attendance import Status
from classroom_admin.reports.models import ClassSummary, PersonSummary

LATE: Final = (Status.LATE, Status.LATE_AND_LEFT_EARLY)
LEFT_EARLY: Final = (Status.LEFT_EARLY, Status.LATE_AND_LEFT_EARLY)
NAMED: Final = "name:"
"""How `PersonSummary.person_key` begins if the class list has no user id for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Attendances that were added up. An attendance is one student in one class.

    `counted` contains all of them, also `absent` and `excused` ones. `present_ms` is in milliseconds.
    """

    counted: int = 0
    absent: int = 0
    excused: int = 0
    late: int = 0
    left_early: int = 0
    partly: int = 0
    present_ms: int = 0

    @property
    def expected(self) -> int:
        """Return how many attendances were expected. Excused students were not expected."""
        return self.counted - self.excused

    @property
    def attended(self) -> int:
        return self.expected - self.absent

    @property
    def rate(self) -> float | None:
        """Return the part of the expected attendances that took place (0 to 1), or None if there are none."""
        return self.attended / self.expected if self.expected else None

    @classmethod
    def of(cls, status: str, number: int, present_ms: int) -> Figures:
        """Return the figures of `number` attendances with the same status."""
        return cls(
            counted=number,
            absent=number * (status == Status.ABSENT),
            excused=number * (status == Status.EXCUSED),
            late=number * (status in LATE),
            left_early=number * (status in LEFT_EARLY),
            partly=number * (status == Status.PARTLY),
            present_ms=present_ms,
        )

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            counted=self.counted + other.counted,
            absent=self.absent + other.absent,
            excused=self.excused + other.excused,
            late=self.late + other.late,
            left_early=self.left_early + other.left_early,
            partly=self.partly + other.partly,
            present_ms=self.present_ms + other.present_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """The attendance of the students of one class. `summary` is the primary key of its `ClassSummary`."""

    summary: int
    room: int
    class_list: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    complete: bool
    figures: Figures

    @property
    def length(self) -> timedelta:
        if self.starts_at is None or self.ends_at is None:
            return timedelta()
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentFigures:
    """The attendance of one student in all classes of a report.

    `pk` is the newest of the student's rows, and `key` is their `PersonSummary.person_key`.
    """

    pk: int
    key: str
    name: str
    group: str
    last_at: datetime | None
    figures: Figures

    def with_more(self, other: StudentFigures) -> StudentFigures:
        """Return the figures of both together. They are of the same student."""
        newest = self if self.pk > other.pk else other
        times = [at for at in (self.last_at, other.last_at) if at is not None]
        return replace(newest, last_at=max(times, default=None), figures=self.figures + other.figures)


@dataclass(slots=True, kw_only=True)
class Together:
    """The figures of several classes: those of a week, a class list or a teacher."""

    classes: int = 0
    incomplete: int = 0
    length: timedelta = timedelta()
    figures: Figures = field(default_factory=Figures)

    def add(self, one: ClassFigures) -> None:
        self.classes += 1
        self.incomplete += not one.complete
        self.length += one.length
        self.figures += one.figures


def students(people: QuerySet[PersonSummary]) -> QuerySet[Any]:
    """Return the rows of students who have a status, annotated with the status that counts as `final`.

    People in a class that never began have no status.
    """
    final = Coalesce("correction__status", "status", output_field=CharField())
    return people.filter(counts=True).annotate(final=final).exclude(final="").order_by()


def by_class(summaries: QuerySet[ClassSummary], people: QuerySet[PersonSummary]) -> list[ClassFigures]:
    """Return the figures of each class in `summaries`, in their order. `people` are those of the classes."""
    rows = students(people).values_list("summary", "final").annotate(n=Count("pk"), ms=Sum("present_ms"))
    figures: dict[int, Figures] = defaultdict(Figures)
    for summary, final, number, present_ms in rows:
        figures[summary] += Figures.of(final, number, present_ms)
    columns = ("pk", "room_id", "class_list_id", "starts_at", "ends_at", "gaps")
    return [
        ClassFigures(
            summary=pk,
            room=room,
            class_list=class_list,
            starts_at=starts_at,
            ends_at=ends_at,
            complete=not gaps,
            figures=figures.get(pk) or Figures(),
        )
        for pk, room, class_list, starts_at, ends_at, gaps in summaries.values_list(*columns)
    ]


def by_student(people: QuerySet[PersonSummary]) -> list[StudentFigures]:
    """Return the figures of each student in `people`, in no particular order.

    Students whom a class list names without a user id are the same student only within that list.
    """
    of_list = Case(
        When(person_key__startswith=NAMED, then=F("summary__class_list")),
        default=Value(0),
        output_field=BigIntegerField(),
    )
    rows = (
        students(people)
        .values_list("person_key", of_list, "final")
        .annotate(
            n=Count("pk"),
            ms=Sum("present_ms"),
            row=Max("pk"),
            shown_name=Max(Coalesce(NullIf("list_name", Value("")), "name")),
            shown_group=Max("group"),
            last_at=Max("summary__starts_at"),
        )
    )
    found: dict[tuple[str, int], StudentFigures] = {}
    for person, class_list, final, number, present_ms, row, name, group, last_at in rows:
        one = StudentFigures(
            pk=row,
            key=person,
            name=name,
            group=group,
            last_at=last_at,
            figures=Figures.of(final, number, present_ms),
        )
        earlier = found.get((person, class_list))
        found[person, class_list] = one if earlier is None else earlier.with_more(one)
    return list(found.values())


def total(classes: Iterable[ClassFigures]) -> Together:
    """Return the figures of all these classes together."""
    found = Together()
    for one in classes:
        found.add(one)
    return found


def by_week(classes: Iterable[ClassFigures], zone: tzinfo) -> list[tuple[date, Together]]:
    """Return the figures of each week that has classes, the earliest first. Weeks begin on Monday."""
    weeks: dict[date, Together] = defaultdict(Together)
    for one in classes:
        if one.starts_at is not None:
            day = one.starts_at.astimezone(zone).date()
            weeks[day - timedelta(days=day.weekday())].add(one)
    return sorted(weeks.items())


def by_week_of_people(rows: Iterable[PersonSummary], zone: tzinfo) -> list[tuple[date, Figures]]:
    """Return the figures of each week of one student, the earliest first. Weeks begin on Monday.

    The rows are loaded with their summaries and corrections.
    """
    weeks: dict[date, list[PersonSummary]] = defaultdict(list)
    for row in rows:
        if row.summary.starts_at is not None:
            day = row.summary.starts_at.astimezone(zone).date()
            weeks[day - timedelta(days=day.weekday())].append(row)
    return [(monday, figures_of(found)) for monday, found in sorted(weeks.items())]


def by_list(classes: Iterable[ClassFigures]) -> dict[int | None, Together]:
    """Return the figures of each class list by its primary key. None has the classes without a list."""
    lists: dict[int | None, Together] = defaultdict(Together)
    for one in classes:
        lists[one.class_list].add(one)
    return dict(lists)


def by_teacher(
    classes: Collection[ClassFigures], own_rooms: Mapping[int, Collection[int]]
) -> dict[int, Together]:
    """Return the figures of each teacher who has classes. `own_rooms` has the rooms of each teacher.

    A class with several teachers counts for each of them.
    """
    of_room = {one.room: one for one in classes}
    found: dict[int, Together] = {}
    for teacher, rooms in own_rooms.items():
        own = [of_room[room] for room in rooms if room in of_room]
        if own:
            found[teacher] = total(own)
    return found


def figures_of(people: Iterable[PersonSummary]) -> Figures:
    """Return the figures of rows that are loaded already, with their corrections."""
    found = Figures()
    for person in people:
        if status := status_of(person):
            found += Figures.of(status, 1, person.present_ms)
    return found


def status_of(person: PersonSummary) -> str:
    """Return the status that counts for a row: the corrected one or, without one, the measured one."""
    return person.correction.status if person.correction is not None else person.status
