"""The table of the attendance of the classes that a filter covers: a row for each person and class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from classroom_admin.common.chunks import chunks
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
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.report_filter import ReportFilter

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

    The option `person` limits the rows to the person with this key (`PersonSummary.person_key`).
    """
    people = chosen.people().filter(counts=True)
    if options.get("person"):
        people = people.filter(person_key=options["person"])
    return Table(
        name="attendance", columns=_COLUMNS, rows=_rows(chosen, people, options), total=people.count()
    )


def _rows(
    chosen: ReportFilter, people: QuerySet[PersonSummary], options: Mapping[str, str]
) -> Iterator[Sequence[Any]]:
    """Read some classes at a time.

    No query stays open while the receiver is slow: an open query would keep SQLite from tidying its log.
    """
    summaries = chosen.summaries()
    if options.get("person"):
        summaries = summaries.filter(people__person_key=options["person"])
    for some in chunks(list(summaries.values_list("pk", flat=True)), CLASSES_AT_ONCE):
        classes = {
            pk: (*about, list_name or "", evidence_text(gaps))
            for pk, *about, list_name, gaps in summaries.filter(pk__in=some).values_list(*_OF_CLASS)
        }
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        rows = people.filter(summary__in=some) if options.get("person") else _of_classes(some)
        for row in rows.values_list(*_PERSON, *_CORRECTION):
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


def _of_classes(pks: Sequence[int]) -> QuerySet[PersonSummary]:
    return PersonSummary.objects.filter(summary__in=pks, counts=True)


def _by_name(row: Sequence[Any]) -> tuple[str, str]:
    name, list_name = row[2], row[3]
    return (list_name or name).casefold(), row[1]
