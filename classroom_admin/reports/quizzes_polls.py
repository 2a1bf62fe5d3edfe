"""Read quizzes, polls and their answers for reports about many classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from django.db.models import Case, Count, F, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.reports.participation_totals import totals
from classroom_admin.rooms.models import Answer, Participant, Poll, Presence, Quiz, Role, Room
from classroom_admin.rooms.quiz_poll_selectors import MODELS

ORDERS: Final = ("name", "classes", "answers", "graded", "correct", "share")


def questions_in(rooms: QuerySet[Any]) -> QuerySet[Any, Any]:
    """Return `of` ("quiz" or "poll") and `pk` of all quizzes and polls, the newest first.

    `rooms` is a query for primary keys of rooms.
    """
    found = [
        model._default_manager.filter(room__in=rooms)
        .order_by()
        .values("pk", of=Value(of), at=Coalesce("started_at", "room__started_at"))
        for of, model in MODELS.items()
    ]
    return found[0].union(found[1], all=True).order_by("-at", "-of", "-pk")


@dataclass(slots=True, kw_only=True)
class Asked:
    """A quiz or poll with its answers, and the students who were present while it ran."""

    row: Quiz | Poll
    answers: list[Answer] = field(default_factory=list)
    students: list[Participant] = field(default_factory=list)

    @property
    def room(self) -> Room:
        return self.row.room


def with_answers(found: Collection[dict[str, Any]]) -> list[Asked]:
    """Return the rows of `questions_in`, in their order, with answers and students.

    The number of queries does not depend on the number of rows.
    """
    rows: dict[tuple[str, int], Asked] = {}
    for of, model in MODELS.items():
        pks = [one["pk"] for one in found if one["of"] == of]
        for row in model._default_manager.filter(pk__in=pks).select_related("room") if pks else ():
            rows[of, row.pk] = Asked(row=row)
    asked = [rows[key] for one in found if (key := (one["of"], one["pk"])) in rows]
    if asked:
        _add_answers(asked)
        _add_students(asked)
    return asked


def _id_of(row: Quiz | Poll) -> tuple[int, str, str]:
    of, name = ("quiz", row.quiz_id) if isinstance(row, Quiz) else ("poll", row.poll_id)
    return row.room_id, of, name


def _add_answers(asked: Sequence[Asked]) -> None:
    by_id = {_id_of(one.row): one for one in asked}
    wanted = Q(pk__in=())
    for room, of, name in by_id:
        wanted |= Q(room=room, of=of, question_id=name)
    columns = ("room_id", "of", "question_id", "user_uuid", "name", "selected", "is_correct", "answered_at")
    for answer in Answer.objects.filter(wanted).only(*columns):
        by_id[answer.room_id, answer.of, answer.question_id].answers.append(answer)


def _add_students(asked: Sequence[Asked]) -> None:
    """Add the students who were present between the start and the end of each quiz or poll."""
    rooms = {one.row.room_id for one in asked}
    stays: dict[tuple[int, str], list[tuple[datetime, datetime | None]]] = defaultdict(list)
    known = Presence.objects.filter(room__in=rooms)
    for room, user_uuid, start, end in known.values_list("room_id", "user_uuid", "entered_at", "left_at"):
        stays[room, user_uuid].append((start, end))
    students: dict[int, list[Participant]] = defaultdict(list)
    people = Participant.objects.filter(room__in=rooms, role=Role.STUDENT)
    for person in people.only("room_id", "user_uuid", "name").order_by("name", "pk"):
        students[person.room_id].append(person)
    for one in asked:
        one.students = [
            person
            for person in students[one.row.room_id]
            if any(_overlaps(one.row, *stay) for stay in stays[person.room_id, person.user_uuid])
        ]


def _overlaps(row: Quiz | Poll, start: datetime, end: datetime | None) -> bool:
    begun = row.started_at is None or end is None or end > row.started_at
    return begun and (row.ended_at is None or start < row.ended_at)


def student_totals(people: QuerySet[PersonSummary]) -> QuerySet[Any, Any]:
    """Return the students who answered a quiz or poll, with their sums over the classes in `people`.

    `share_correct` is the part of the answers to quizzes that is correct (0 to 1). It is None if no answer is
    known to be correct or incorrect.
    """
    correct, graded = (Cast(F(name), FloatField()) for name in ("sum_correct", "sum_graded"))
    share = Case(When(sum_graded__gt=0, then=correct / graded), default=None, output_field=FloatField())
    found: QuerySet[Any, Any] = totals(people).annotate(sum_graded=Sum("graded"), share_correct=share)
    return found.filter(sum_answers__gt=0)


def sorted_by(rows: QuerySet[Any, Any], name: str, *, ascending: bool) -> QuerySet[Any, Any]:
    """Return the rows of `student_totals` in the order of a column of `ORDERS`. Unknown shares come last."""
    column = {"name": "label", "classes": "classes", "share": "share_correct"}.get(name, f"sum_{name}")
    order = F(column).asc(nulls_last=True) if ascending else F(column).desc(nulls_last=True)
    return rows.order_by(order, "label", "person_key", "of_list")


@dataclass(slots=True, kw_only=True)
class Week:
    """The answers in the classes of a week. `first` is its Monday.

    `graded` answers are known to be correct or incorrect.
    """

    first: date
    classes: int = 0
    quizzes: int = 0
    polls: int = 0
    answers: int = 0
    graded: int = 0
    correct: int = 0

    @property
    def share(self) -> float | None:
        """Return the part of the graded answers that is correct (0 to 1), or None if there are none."""
        return self.correct / self.graded if self.graded else None


def weeks_of(summaries: QuerySet[ClassSummary], people: QuerySet[PersonSummary], zone: tzinfo) -> list[Week]:
    """Return the weeks with quizzes, polls or answers, the earliest first. Days are those of `zone`.

    `people` are the rows of one student or of all students in the classes of `summaries`.
    """
    sums = people.order_by().values("room_id", "summary__starts_at").annotate(
        n=Sum("answers"), graded_n=Sum("graded"), right=Sum("correct")
    )  # fmt: skip
    rooms = summaries.order_by().values("room_id")
    quizzes, polls = (_number_of(model, rooms) for model in (Quiz, Poll))
    weeks: dict[date, Week] = {}
    for row in sums:
        starts_at, room = row["summary__starts_at"], row["room_id"]
        asked = (quizzes.get(room, 0), polls.get(room, 0))
        if starts_at is None or not (any(asked) or row["n"]):
            continue
        day = starts_at.astimezone(zone).date()
        week = weeks.setdefault(monday := day - timedelta(days=day.weekday()), Week(first=monday))
        week.classes += 1
        week.quizzes += asked[0]
        week.polls += asked[1]
        week.answers += row["n"]
        week.graded += row["graded_n"]
        week.correct += row["right"]
    return [weeks[day] for day in sorted(weeks)]


def _number_of(model: type[Quiz] | type[Poll], rooms: QuerySet[Any, Any]) -> dict[int, int]:
    rows = model._default_manager.filter(room__in=rooms).order_by().values_list("room_id")
    return dict(rows.annotate(n=Count("pk")))
