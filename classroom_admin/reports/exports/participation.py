"""The tables of participation: a row for each student, with the sums over the chosen classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from classroom_admin.reports.exports.kinds import exports
from classroom_admin.reports.exports.tables import Column, Kind, Table
from classroom_admin.reports.models import PersonSummary
from classroom_admin.reports.participation_totals import sorted_by, students, totals
from classroom_admin.reports.quizzes_polls import student_totals
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import access_by_key

_STUDENT: Final = {
    "uuid": Column(name="user_id", title=_("User id")),
    "label": Column(name="name", title=_("Name")),
    "in_group": Column(name="group", title=_("Group")),
    "classes": Column(name="classes", title=_("Classes"), kind=Kind.NUMBER),
    "sum_present_ms": Column(name="minutes_present", title=_("Minutes present"), kind=Kind.MINUTES),
}
_PARTICIPATION: Final = {
    **_STUDENT,
    "sum_chat": Column(name="messages", title=_("Messages"), kind=Kind.NUMBER),
    "sum_hands": Column(name="raised_hands", title=_("Raised hands"), kind=Kind.NUMBER),
    "sum_stage_ms": Column(name="minutes_on_stage", title=_("Minutes on stage"), kind=Kind.MINUTES),
    "sum_camera_ms": Column(
        name="minutes_with_camera", title=_("Minutes with the camera on"), kind=Kind.MINUTES
    ),
    "sum_answers": Column(name="answers", title=_("Answers"), kind=Kind.NUMBER),
    "sum_correct": Column(name="correct_answers", title=_("Correct answers"), kind=Kind.NUMBER),
    "sum_rewards": Column(name="rewards", title=_("Rewards"), kind=Kind.NUMBER),
    "score": Column(name="score", title=_("Score"), kind=Kind.NUMBER),
}
_ANSWERS: Final = {
    **_STUDENT,
    "sum_answers": _PARTICIPATION["sum_answers"],
    "sum_graded": Column(name="quiz_answers", title=_("Answers to quizzes"), kind=Kind.NUMBER),
    "sum_correct": _PARTICIPATION["sum_correct"],
    "share_correct": Column(name="share_correct", title=_("Accuracy"), kind=Kind.SHARE),
}


@exports("participation", _("Participation"))
def participation_table(chosen: ReportFilter, options: Mapping[str, str]) -> Table:
    """Return what each student did. The option `room` is the key of the only class to count."""
    found = totals(students(_people(chosen, options)))
    return _table("participation", _PARTICIPATION, found)


@exports("question_students", _("Quizzes and polls by student"))
def question_students_table(chosen: ReportFilter, options: Mapping[str, str]) -> Table:
    """Return the answers of each student who answered a quiz or poll."""
    return _table("answers", _ANSWERS, student_totals(students(_people(chosen, options))))


def _people(chosen: ReportFilter, options: Mapping[str, str]) -> QuerySet[PersonSummary]:
    if options.get("room"):
        room = access_by_key(chosen.viewer, options["room"]).room
        return PersonSummary.objects.filter(summary__room=room)
    return chosen.people()


def _table(name: str, columns: Mapping[str, Column], found: QuerySet[Any, Any]) -> Table:
    rows = list(sorted_by(found, "name", ascending=True))  # one row for each student: thousands at most
    return Table(name=name, columns=list(columns.values()), rows=_rows(columns, rows), total=len(rows))


def _rows(columns: Mapping[str, Column], rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for row in rows:
        found = {**row, "score": None if row["score"] is None else round(row["score"], 2)}
        yield [found[name] for name in columns]
