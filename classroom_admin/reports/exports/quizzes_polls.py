"""The table of quizzes and polls: a row for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.common.chunks import chunks
from classroom_admin.reports.exports.columns import CLASS
from classroom_admin.reports.exports.kinds import exports
from classroom_admin.reports.exports.tables import Column, Kind, Table
from classroom_admin.reports.quizzes_polls import Asked, questions_in, with_answers
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.rooms.access import access_by_key
from classroom_admin.rooms.models import Quiz

QUESTIONS_AT_ONCE: Final = 50
_COLUMNS: Final = (
    *CLASS[:2],
    Column(name="kind", title=_("Kind")),
    Column(name="started_at", title=_("Started"), kind=Kind.TIME),
    Column(name="ended_at", title=_("Ended"), kind=Kind.TIME),
    Column(name="choices", title=_("Choices")),
    Column(name="correct_choices", title=_("Correct choices")),
    Column(name="students_present", title=_("Students present"), kind=Kind.NUMBER),
    Column(name="answers", title=_("Answers"), kind=Kind.NUMBER),
    Column(name="correct_answers", title=_("Correct answers"), kind=Kind.NUMBER),
    Column(name="share_correct", title=_("Accuracy"), kind=Kind.SHARE),
)


@exports("questions", _("Quizzes and polls"))
def questions_table(chosen: ReportFilter, options: Mapping[str, str]) -> Table:
    """Return the quizzes and polls, newest first. The option `room` is the key of the only class."""
    rooms: Any = chosen.summaries().order_by().values("room")
    if options.get("room"):
        rooms = [access_by_key(chosen.viewer, options["room"]).room.pk]
    found = list(questions_in(rooms))
    return Table(name="quizzes-and-polls", columns=_COLUMNS, rows=_rows(found), total=len(found))


def _rows(found: Sequence[dict[str, Any]]) -> Iterator[list[Any]]:
    for some in chunks(found, QUESTIONS_AT_ONCE):
        for asked in with_answers(some):
            yield _row(asked)


def _row(asked: Asked) -> list[Any]:
    row, room = asked.row, asked.room
    is_quiz = isinstance(row, Quiz)
    graded = [answer.is_correct for answer in asked.answers if answer.is_correct is not None]
    correct = sum(graded) if is_quiz else None
    return [
        room.key,
        room.name,
        "quiz" if is_quiz else "poll",
        row.started_at,
        row.ended_at,
        _texts(row.items),
        _texts(row.correct_items) if isinstance(row, Quiz) else None,
        len(asked.students),
        len(asked.answers),
        correct,
        correct / len(graded) if correct is not None and graded else None,
    ]


def _texts(items: Any) -> str:
    """Return the choices of a quiz or poll in one cell."""
    return " | ".join(str(one) for one in items) if isinstance(items, list) else ""
