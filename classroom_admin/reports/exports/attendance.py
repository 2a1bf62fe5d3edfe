"""The table of the attendance of the classes that a filter covers: a row for each person and class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from classroom_admin.common.chunks import chunks
from classroom_admin.common.numbers import parsed
from classroom_admin.reports.exports.columns import (
    ATTENDANCE,
    CLASS,
    EVIDENCE,
    IsoTime,
    correction_text,
    evidence_text,
)
from classroom_admin.reports.exports.kinds import exports
from classroom_admin.reports.exports.tables import Table
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.student_rows import rows_of_student, student_row
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.people import NotSeen

CLASSES_AT_ONCE: Final = 40
_COLUMNS: Final = (*CLASS, *ATTENDANCE, EVIDENCE)
_PERSON: Final = (
    "summary_id",
    "user_uuid",
    "name",
    "list_name",
    "group",
    "status",
    IsoTime("first_in"),
    IsoTime("last_out"),
    "present_ms",
    "share",
    "late_ms",
    "left_early_ms",
    "reconnects",
)
_OF_CLASS: Final = (
    "pk",
    "room__key",
    "room__name",
    IsoTime("starts_at"),
    IsoTime("ends_at"),
    "class_list__name",
    "gaps",
)
_CORRECTION: Final = (
    "correction__status",
    "correction__by__name",
    "correction__by__email",
    "correction__at",
    "correction__note",
)


@exports("attendance", _("Attendance"))
def attendance_table(chosen: ReportFilter, options: Mapping[str, str]) -> Table:
    """Return the attendance of all people who count in the chosen classes, newest class first.

    The option `person` is the primary key of a row of the only student, in any class that the viewer may see.
    Raise `NotSeen` if there is none.
    """
    if options.get("person"):
        found = _rows_of_student(chosen, options["person"])
        pks = list(dict.fromkeys(found.values_list("summary", flat=True)))
        people = PersonSummary.objects.filter(pk__in=list(found.values_list("pk", flat=True)))
        return _table(people, pks, people.count())
    pks = list(chosen.summaries().values_list("pk", flat=True))
    people = chosen.people().filter(counts=True)
    return _table(PersonSummary.objects.filter(counts=True), pks, people.count())


def _rows_of_student(chosen: ReportFilter, person: str) -> QuerySet[PersonSummary]:
    """Return the rows of a student, newest first."""
    pk = parsed(person)
    if pk is None:
        raise NotSeen
    rooms = visible_rooms(chosen.viewer)
    found = rows_of_student(student_row(pk, rooms), rooms)
    return found.filter(summary__in=chosen.summaries().order_by().values("pk"))


def _table(people: QuerySet[PersonSummary], pks: Sequence[int], total: int) -> Table:
    return Table(name="attendance", columns=_COLUMNS, rows=_rows(people, pks), total=total)


def _rows(people: QuerySet[PersonSummary], pks: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Read the rows of `people` in these classes, some classes at a time.

    No query stays open while the receiver is slow: an open query would keep SQLite from tidying its log.
    """
    for some in chunks(pks, CLASSES_AT_ONCE):
        classes = {
            pk: (*about, list_name or "", evidence_text(gaps))
            for pk, *about, list_name, gaps in ClassSummary.objects.filter(pk__in=some).values_list(
                *_OF_CLASS
            )
        }
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in people.filter(summary__in=some).values_list(*_PERSON, *_CORRECTION):
            found[row[0]].append(row)
        for pk in some:
            if pk in classes:
                *about, evidence = classes[pk]
                for row in sorted(found[pk], key=_by_name):
                    yield *about, *_person(row), evidence


def _person(row: tuple[Any, ...]) -> Sequence[Any]:
    """Return the cells of a person. The corrected status counts."""
    cells, (status, name, email, at, note) = row[1 : len(_PERSON)], row[len(_PERSON) :]
    if status is None:
        return *cells, None
    return *cells[:4], status, *cells[5:], correction_text(cells[4], name or email, at, note)


def _by_name(row: Sequence[Any]) -> tuple[str, str]:
    name, list_name = row[2], row[3]
    return (list_name or name).casefold(), row[1]
