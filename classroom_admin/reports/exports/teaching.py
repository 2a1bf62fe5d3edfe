"""The table of the report about teaching: a row for each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.reports.exports.columns import CLASS
from classroom_admin.reports.exports.kinds import exports
from classroom_admin.reports.exports.tables import Column, Kind, Table
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.teaching import TaughtClass, classes_of
from classroom_admin.rooms.models import Room

_COLUMNS: Final = (
    *CLASS[:4],
    Column(name="students_expected", title=_("Students expected"), kind=Kind.NUMBER),
    Column(name="students_attended", title=_("Students who attended"), kind=Kind.NUMBER),
    Column(name="minutes_recorded", title=_("Minutes recorded"), kind=Kind.MINUTES),
    Column(name="interventions", title=_("Interventions"), kind=Kind.NUMBER),
    Column(name="alerts", title=_("Alerts"), kind=Kind.NUMBER),
    Column(name="alerts_acknowledged", title=_("Alerts acknowledged"), kind=Kind.NUMBER),
    Column(name="events_complete", title=_("Events complete")),
)


@exports("teaching", _("Teaching"))
def teaching_table(chosen: ReportFilter, _options: Mapping[str, str]) -> Table:
    """Return the classes with their figures, newest first."""
    found = classes_of(chosen.summaries(), chosen.people())
    return Table(name="teaching", columns=_COLUMNS, rows=_rows(found), total=len(found))


def _rows(found: Sequence[TaughtClass]) -> Iterator[list[Any]]:
    rooms = Room.objects.only("key", "name").in_bulk([one.figures.room for one in found])
    for one in found:
        room = rooms[one.figures.room]
        yield [
            room.key,
            room.name,
            one.figures.starts_at,
            one.figures.ends_at,
            one.figures.figures.expected,
            one.figures.figures.attended,
            one.recorded_ms,
            one.interventions,
            len(one.alerts),
            sum(alert.acknowledged is not None for alert in one.alerts),
            "yes" if one.figures.complete else "no",
        ]
