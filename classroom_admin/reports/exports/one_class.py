"""The table of the attendance of one class, with the rows of ``manage.py report attendance``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.common import clock
from classroom_admin.reports.attendance_json import attendance_as_json
from classroom_admin.reports.exports.columns import ATTENDANCE, EVIDENCE, correction_text, evidence_text
from classroom_admin.reports.exports.kinds import exports
from classroom_admin.reports.exports.tables import Kind, Table
from classroom_admin.reports.exports.writers import MS_A_MINUTE
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Room

_COLUMNS: Final = (*ATTENDANCE, EVIDENCE)


@exports("class", _("Attendance of a class"))
def table_of_class(chosen: ReportFilter, options: Mapping[str, str]) -> Table:
    """Return the attendance of the class with the key in the option `room`. Raise `NotYours`."""
    return class_table(access_by_key(chosen.viewer, options.get("room", "")).room)


def class_table(room: Room) -> Table:
    """Return the attendance of a class: listed people or, without a class list, all students."""
    return table_from_json(attendance_as_json(room))


def table_from_json(report: Mapping[str, Any]) -> Table:
    """Convert the result of `attendance_as_json` to a table."""
    evidence = evidence_text([(_ms(gap["from"]), _ms(gap["to"])) for gap in report["evidence"]["gaps"]])
    rows = report["rows"]
    about = {"class": report["class"], "evidence": report["evidence"]}
    return Table(
        name="class-attendance", columns=_COLUMNS, rows=_rows(rows, evidence), total=len(rows), about=about
    )


def _rows(rows: Sequence[Mapping[str, Any]], evidence: str) -> Iterator[list[Any]]:
    for row in rows:
        made = row["corrected"]
        yield [
            *(_typed(row[column.name], column.kind) for column in ATTENDANCE[:-1]),
            made and correction_text(made["measured"], made["by"], _time(made["at"]), made["note"]),
            evidence,
        ]


def _typed(value: Any, kind: Kind) -> Any:
    if kind is Kind.TIME:
        return _time(value)
    return value * MS_A_MINUTE if kind is Kind.MINUTES and value is not None else value


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _ms(text: str | None) -> int | None:
    found = _time(text)
    return None if found is None else clock.to_ms(found)
