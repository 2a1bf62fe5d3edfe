"""Quizzes and polls of a class, their answers, and the pupils who were there to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from classroom_admin.rooms.models import Answer, Participant, Poll, Presence, Quiz, Role, Room

MODELS: dict[str, type[Quiz] | type[Poll]] = {"quiz": Quiz, "poll": Poll}


def questions(room: Room, of: str, *, since: int | None = None) -> list[Quiz] | list[Poll]:
    """All quizzes or polls of a class, the running one first, then the latest; or only those of which
    something, an answer too, is newer than version `since`.
    """
    model = MODELS[of]
    name = "quiz_id" if of == "quiz" else "poll_id"
    found = model._default_manager.filter(room=room)
    if since is not None:
        newer = Answer.objects.filter(room=room, of=of, question_id=OuterRef(name), version__gt=since)
        found = found.filter(Q(version__gt=since) | Exists(newer))
    return list(found.order_by("-running", F("started_at").desc(nulls_last=True), "-pk"))  # type: ignore[return-value]


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
