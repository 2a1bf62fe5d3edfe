"""Queries for a class's quizzes and polls, their answers, and the students who could answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast

from classroom_admin.rooms.models import Answer, Participant, Poll, Presence, Quiz, Role, Room

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
MODELS: dict[str, type[Quiz] | type[Poll]] = {"quiz": Quiz, "poll": Poll}


def questions(room: Room, *, since: int | None = None) -> list[Quiz | Poll]:
    """Return all quizzes and polls of a class: first those that are running, then newest first.

    If `since` is a version, return only those that changed or were answered later. Do not save the returned
    instances, because they contain only the columns that pages show.
    """
    quizzes = _changed(Quiz.objects.filter(room=room), "quiz", since).values_list(
        Value("quiz"), "pk", "quiz_id", "running", "items", "correct_items", "started_at", "ended_at",
        "selected_count", "correct_count", "total_count",
    )  # fmt: skip
    none = Value(None, output_field=IntegerField())
    polls = _changed(Poll.objects.filter(room=room), "poll", since).values_list(
        Value("poll"), "pk", "poll_id", "running", "items", "details", "started_at", "ended_at",
        Cast("multiple", IntegerField()), none, none,
    )  # fmt: skip
    found = [_question(*columns) for columns in quizzes.union(polls, all=True)]
    return sorted(found, key=lambda row: (row.running, row.started_at or EARLIEST, row.pk), reverse=True)


def running_or_not(room: Room) -> list[bool]:
    """Return, for each quiz and poll of a class, whether it is running."""
    quizzes = Quiz.objects.filter(room=room).values_list("running", flat=True)
    polls = Poll.objects.filter(room=room).values_list("running", flat=True)
    return [bool(running) for running in quizzes.union(polls, all=True)]


def _changed(found: QuerySet[Any], of: str, since: int | None) -> QuerySet[Any]:
    if since is None:
        return found
    newer = Answer.objects.filter(
        room=OuterRef("room"), of=of, question_id=OuterRef(f"{of}_id"), version__gt=since
    )
    return found.filter(Q(version__gt=since) | Exists(newer))


def _question(
    of: str, pk: int, name: str, running: bool, items: Any, more: Any, start: Any, end: Any, *sums: int | None
) -> Quiz | Poll:
    same = {"pk": pk, "running": running, "items": items, "started_at": start, "ended_at": end}
    if of == "poll":
        return Poll(poll_id=name, details=more, multiple=bool(sums[0]), **same)
    selected, correct, total = sums
    return Quiz(
        quiz_id=name, correct_items=more, selected_count=selected, correct_count=correct, total_count=total,
        **same,
    )  # fmt: skip


def answers(room: Room, ids: Iterable[tuple[str, str]]) -> list[Answer]:
    """Return the answers to these quizzes and polls, oldest first. `ids` are tuples like ("quiz", id)."""
    wanted = Q(pk__in=())
    for of, question_id in ids:
        wanted |= Q(of=of, question_id=question_id)
    return list(Answer.objects.filter(wanted, room=room).order_by("answered_at", "sequence"))


def students_between(room: Room, start: datetime | None, end: datetime | None) -> list[Participant]:
    """Return the students who were present between `start` and `end`, by name. None means no limit."""
    stays = Presence.objects.filter(room=room, user_uuid=OuterRef("user_uuid"))
    if start is not None:
        stays = stays.filter(Q(left_at__isnull=True) | Q(left_at__gt=start))
    if end is not None:
        stays = stays.filter(entered_at__lt=end)
    students = Participant.objects.filter(Exists(stays), room=room, role=Role.STUDENT)
    return list(students.only("user_uuid", "name", "online").order_by("name", "pk"))


def marked(of: str, room: Room) -> QuerySet[Any]:
    """Return the quizzes or polls of a class, annotated for `mark`."""
    answers = Answer.objects.filter(room=room, of=of, question_id=OuterRef(f"{of}_id"))
    stays = Presence.objects.filter(room=room)
    return (
        MODELS[of]
        .objects.filter(room=room)
        .annotate(
            newest_answer=_sum(answers, Max("version")),
            answer_count=_sum(answers, Count("pk")),
            latest_stay=_sum(stays, Max("entered_sequence")),
            stay_count=_sum(stays, Count("pk")),
        )
    )


def mark(row: Any) -> str:
    """Return a text that changes with the quiz or poll, its answers and the stays in the room."""
    facts = (row.version, row.newest_answer, row.answer_count, row.latest_stay, row.stay_count)
    return ".".join(str(fact or 0) for fact in facts)


def _sum(rows: QuerySet[Any], of_them: Max | Count) -> Subquery[Any]:
    return Subquery(rows.order_by().values("room").annotate(it=of_them).values("it"))
