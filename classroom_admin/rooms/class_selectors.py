"""Reads for the page of one class: each function is one query; `since` keeps to what is newer than a
version.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    Expression,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.access import room_for
from classroom_admin.rooms.models import (
    Answer,
    Gap,
    Participant,
    PeerMessage,
    Poll,
    Quiz,
    Recording,
    Resource,
    Role,
    Room,
)

COMMANDS: Final = 60
_HEAVY: Final = ("properties", "ext_apps", "groups")


def as_shown(**annotations: Expression) -> QuerySet[Room]:
    """Rooms with what telling their versions needs: `last_step` (id of the last step on record),
    `step_count`, `gap_count`, and what is given.
    """
    steps = Step.objects.filter(room_uuid=OuterRef("room_uuid")).order_by("-id").values("id")[:1]
    count = Step.objects.filter(room_uuid=OuterRef("room_uuid")).order_by()
    count = count.values("room_uuid").annotate(n=Count("pk")).values("n")
    gaps = (
        Gap.objects.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk")).values("n")
    )
    return Room.objects.defer(*_HEAVY).annotate(
        last_step=Subquery(steps),
        step_count=Coalesce(Subquery(count), 0, output_field=IntegerField()),
        gap_count=Coalesce(Subquery(gaps), 0, output_field=IntegerField()),
        **annotations,
    )


def class_for(user: User, key: str, **annotations: Expression) -> Room:
    """The room under `key` as `as_shown`, loaded, authorised and marked in one query; Http404 as
    `rooms.access.room_for`.
    """
    return room_for(user, key, as_shown(**annotations))


def own_identity(user: User) -> Expression:
    """A cloud user id of `user`, as an expression to bring along; "" where there is none."""
    first = CloudIdentity.objects.filter(user=user).order_by("pk").values("user_uuid")[:1]
    return Coalesce(Subquery(first), Value(""), output_field=CharField())


def people(room: Room, *, since: int | None = None, also: Collection[str] = ()) -> QuerySet[Participant]:
    """Who is or was in the room: teachers, then raised hands by waiting time, then names.

    `also` adds people by their cloud user id to those newer than `since`.
    """
    rank = Case(
        When(role=Role.TEACHER, then=0),
        When(role=Role.ASSISTANT, then=1),
        default=2,
        output_field=IntegerField(),
    )
    found = Participant.objects.filter(room=room).exclude(role__in=(Role.SERVER, Role.INVISIBLE))
    found = found.defer("streams", "properties").annotate(rank=rank)
    if since is not None:
        found = found.filter(Q(version__gt=since) | Q(user_uuid__in=also))
    return found.order_by("rank", "-hand_raised", "hand_raised_at", "name", "pk")


def recordings(room: Room) -> list[Recording]:
    """The recordings, newest first."""
    return list(Recording.objects.filter(room=room).order_by("-started_at", "-pk"))


def resources(room: Room) -> QuerySet[Resource]:
    """The files shared with the class, newest first; removed ones are not among them."""
    return Resource.objects.filter(room=room, removed_at__isnull=True).order_by("-put_at", "-pk")


def changed_panels(room: Room, since: int) -> set[str]:
    """Which of recording, files, quiz, poll, answer and peer have a row newer than `since`; one query."""
    kinds: dict[str, type[Model]] = {
        "recording": Recording,
        "files": Resource,
        "quiz": Quiz,
        "poll": Poll,
        "answer": Answer,
        "peer": PeerMessage,
    }
    newer = {
        kind: Exists(model._default_manager.filter(room=room, version__gt=since))
        for kind, model in kinds.items()
    }
    row = Room.objects.filter(pk=room.pk).values(**newer).first() or {}
    return {kind for kind, is_newer in row.items() if is_newer}


def commands(room: Room) -> list[Entry]:
    """What was asked of this room last, newest first, each with its steps: two queries."""
    entries = Entry.objects.filter(room_uuid=room.room_uuid).order_by("-id")
    return list(entries.prefetch_related("steps")[:COMMANDS])


def targets_since(room: Room, step: int) -> list[str]:
    """The cloud user ids that commands with a step after `step` are about."""
    steps = Step.objects.filter(
        room_uuid=room.room_uuid, id__gt=step, entry__action__startswith="participant."
    )
    return list(steps.order_by().values_list("entry__target", flat=True).distinct()[:200])
