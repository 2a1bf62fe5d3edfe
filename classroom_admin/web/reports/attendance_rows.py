"""The rows of the attendance report: one for each student, class, class list or teacher, and their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.common.text_matching import contains_all, search_key
from classroom_admin.reports import attendance_totals
from classroom_admin.reports.attendance_totals import ClassFigures, Figures, Together
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import own_room_ids
from classroom_admin.rooms.models import ClassList, Room, name_or_unnamed

STUDENT, CLASS, LIST, TEACHER = "student", "class", "list", "teacher"
BY: Final = {
    STUDENT: _("By student"),
    CLASS: _("By class"),
    LIST: _("By class list"),
    TEACHER: _("By teacher"),
}
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table. `href` is the address of the page about it, or "" if there is none.

    If `teacher` is set, the row leads to the same report about this teacher only.
    `at` is the start of the class, or of a student's last class. `length` is how long the classes lasted.
    """

    name: str
    figures: Figures
    href: str = ""
    teacher: int | None = None
    about: str = ""
    at: datetime | None = None
    classes: int = 1
    incomplete: int = 0
    length: timedelta = field(default_factory=timedelta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table. The rows of the kinds `of` have it. `amount` is True for numbers.

    `key` is what the rows are sorted by. `falls` is True if the largest value comes first at the first press.
    """

    name: str
    words: Any
    key: Callable[[Row], Any]
    of: tuple[str, ...] = (STUDENT, CLASS, LIST, TEACHER)
    amount: bool = True
    falls: bool = True


COLUMNS: Final = (
    Column(
        name="name",
        words=pgettext_lazy("person", "Name"),
        key=lambda row: search_key(row.name),
        amount=False,
        falls=False,
    ),
    Column(name="when", words=_("Start"), key=lambda row: row.at or _EARLIEST, of=(CLASS,), amount=False),
    Column(name="classes", words=_("Classes"), key=lambda row: row.classes, of=(LIST, TEACHER)),
    Column(name="hours", words=_("Duration"), key=lambda row: row.length, of=(CLASS, LIST, TEACHER)),
    Column(
        name="rate",
        words=_("Attendance rate"),
        key=lambda row: -1.0 if row.figures.rate is None else row.figures.rate,
        falls=False,
    ),
    Column(name="attended", words=_("Attended"), key=lambda row: row.figures.attended),
    Column(name="late", words=_("Late"), key=lambda row: row.figures.late),
    Column(name="left_early", words=_("Left early"), key=lambda row: row.figures.left_early),
    Column(name="absent", words=_("Absent"), key=lambda row: row.figures.absent),
    Column(name="excused", words=_("Excused"), key=lambda row: row.figures.excused),
    Column(
        name="time",
        words=pgettext_lazy("duration", "Present"),
        key=lambda row: row.figures.present_ms,
        of=(STUDENT,),
    ),
    Column(
        name="last", words=_("Last class"), key=lambda row: row.at or _EARLIEST, of=(STUDENT,), amount=False
    ),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column. `sort` is the value of the parameter `sort` that its link sets.

    `order` is the value of `aria-sort`, or "" if the rows are not sorted by this column.
    """

    column: Column
    sort: str
    order: str


def kinds_for(user: User) -> dict[str, Any]:
    """Return the kinds of rows that a person may choose. Only people who see all classes compare teachers."""
    return {
        name: words for name, words in BY.items() if name != TEACHER or permissions.sees_all_classes(user)
    }


def headings(kind: str, sort: str) -> list[Heading]:
    """Return the headings of the columns that rows of this kind have. `sort` is like in `in_order`."""
    chosen, falls = _sorted_by(kind, sort)
    found = []
    for column in _columns(kind):
        current = column is chosen
        next_falls = not falls if current else column.falls
        order = ("descending" if falls else "ascending") if current else ""
        found.append(Heading(column, f"-{column.name}" if next_falls else column.name, order))
    return found


def in_order(rows: Iterable[Row], kind: str, sort: str) -> list[Row]:
    """Return the rows sorted by the column `sort`; "-rate" sorts the largest value first.

    Rows with the same value, or with an unknown `sort`, are sorted by name; classes by time.
    """
    column, falls = _sorted_by(kind, sort)
    by_name = sorted(rows, key=lambda row: search_key(row.name))
    return sorted(by_name, key=column.key, reverse=falls)


def found_by(rows: Iterable[Row], words: str) -> list[Row]:
    """Return the rows whose name contains all words."""
    terms = search_key(words).split()
    return [row for row in rows if contains_all(terms, row.name)]


def rows_of(kind: str, chosen: ReportFilter, classes: Sequence[ClassFigures]) -> list[Row]:
    """Return the rows of one kind for the chosen classes. The number of queries is constant."""
    if kind == CLASS:
        return _of_classes(chosen, classes)
    if kind == LIST:
        return _of_lists(classes)
    if kind == TEACHER:
        return _of_teachers(classes)
    return [
        Row(
            name=name_or_unnamed(one.name),
            href=reverse("reports:student", args=[one.pk]),
            about=one.group,
            at=one.last_at,
            figures=one.figures,
        )
        for one in attendance_totals.by_student(chosen.people())
    ]


def _of_classes(chosen: ReportFilter, classes: Sequence[ClassFigures]) -> list[Row]:
    names = Room.objects.filter(pk__in=chosen.summaries().order_by().values("room")).only("key", "name")
    rooms = {room.pk: room for room in names}
    return [
        Row(
            name=str(rooms[one.room]),
            href=reverse("reports:class", args=[rooms[one.room].key]),
            at=one.starts_at,
            incomplete=not one.complete,
            length=one.length,
            figures=one.figures,
        )
        for one in classes
        if one.room in rooms
    ]


def _of_lists(classes: Sequence[ClassFigures]) -> list[Row]:
    together = attendance_totals.by_list(classes)
    lists = {one.pk: one for one in ClassList.objects.only("key", "name")}
    found = []
    for pk, figures in together.items():
        known = lists.get(pk) if pk is not None else None
        href = reverse("reports:list", args=[known.key]) if known else ""
        found.append(_row(figures, name=known.name if known else gettext("Without a class list"), href=href))
    return found


def _of_teachers(classes: Sequence[ClassFigures]) -> list[Row]:
    people = {one.pk: one for one in User.objects.only("name", "email")}
    own = own_room_ids(list(people))
    together = attendance_totals.by_teacher(classes, own)
    found = [_row(figures, name=str(people[pk]), teacher=pk) for pk, figures in together.items()]
    taught = {room for rooms in own.values() for room in rooms}
    others = [one for one in classes if one.room not in taught]
    if others:
        found.append(_row(attendance_totals.total(others), name=gettext("No teacher with an account")))
    return found


def _row(found: Together, *, name: str, href: str = "", teacher: int | None = None) -> Row:
    return Row(
        name=name,
        href=href,
        teacher=teacher,
        classes=found.classes,
        incomplete=found.incomplete,
        length=found.length,
        figures=found.figures,
    )


def _columns(kind: str) -> list[Column]:
    return [column for column in COLUMNS if kind in column.of]


def _sorted_by(kind: str, sort: str) -> tuple[Column, bool]:
    """Return the column that sorts the rows, and whether its largest value comes first."""
    columns = {column.name: column for column in _columns(kind)}
    column = columns.get(sort.removeprefix("-"))
    if column is not None:
        return column, sort.startswith("-")
    return (columns["when"], True) if kind == CLASS else (columns["name"], False)
