"""Quizzes and polls of a class, their answers, and the pupils who were there to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast

from classroom_admin.rooms.models import Answer, Participant, Poll, Presence, Quiz, Role, Room

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
MODELS: dict[str, type[Quiz] | type[Poll]] = {"quiz": Quiz, "poll": Poll}


def questions(room: Room, *, since: int | None = None) -> list[Quiz | Poll]:
    """All quizzes and polls of a class, the running ones first, then the latest; or only those of which
    something, an answer too, is newer than version `since`. One query.

    What comes back has all that tells of a question, and is not for saving.
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


def _changed(found: QuerySet, of: str, since: int | None) -> QuerySet:
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
    """The answers to these questions, (of, id), in the order in which they came."""
    wanted = Q(pk__in=())
    for of, question_id in ids:
        wanted |= Q(of=of, question_id=question_id)
    return list(Answer.objects.filter(wanted, room=room).order_by("answered_at", "sequence"))


def pupils_between(room: Room, start: datetime | None, end: datetime | None) -> list[Participant]:
    """The pupils who were in the class at any time between two moments (None: from its beginning, until
    now), by name.
    """
    stays = Presence.objects.filter(room=room, user_uuid=OuterRef("user_uuid"))
    if start is not None:
        stays = stays.filter(Q(left_at__isnull=True) | Q(left_at__gt=start))
    if end is not None:
        stays = stays.filter(entered_at__lt=end)
    pupils = Participant.objects.filter(Exists(stays), room=room, role=Role.STUDENT)
    return list(pupils.only("user_uuid", "name", "online").order_by("name", "pk"))
