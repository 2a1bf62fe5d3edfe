"""Reads of the read models for pages: which classes are live, coming and past, and what each one needs to
be shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from classroom_admin.accounts.models import User
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Gap, Participant, Recording, Role, Room, RoomState

LIVE: Final = "live"
COMING: Final = "coming"
PAST: Final = "past"
WHEN: Final = (LIVE, COMING, PAST)
_ORDER: Final = {
    LIVE: (F("started_at").desc(nulls_last=True), "name", "pk"),
    COMING: (F("planned_start_at").asc(nulls_last=True), "name", "pk"),
    PAST: (Coalesce("ended_at", "closed_at", "started_at", "known_since").desc(), "pk"),
}
# what the pages of a room do not need in a list
_HEAVY: Final = ("properties", "ext_apps", "groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFilters:
    """What to look for among the classes; "" and False mean no limit. `recording`: "", "on" or "off"."""

    q: str = ""
    state: str = ""
    no_teacher: bool = False
    recording: str = ""
    hands: bool = False

    @property
    def any(self) -> bool:
        return self != ClassFilters()

    def without(self, name: str) -> ClassFilters:
        """The same with one limit taken away."""
        return replace(self, **{name: getattr(ClassFilters(), name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How many classes there are of each kind, and a mark that changes when any of them does."""

    live: int
    coming: int
    past: int
    mark: str


def _now_state() -> Coalesce:
    return Coalesce("state", "profile_state")


def when_is(when: str) -> Q:
    """The condition on rooms annotated with `now_state`.

    Live: started, ended while somebody is still there, or not started while pupils are. Past: ended, closed
    or gone. Coming: the rest, also those of which no state is known yet.
    """
    gone = Q(gone_at__isnull=False)
    lingering = Q(now_state=RoomState.ENDED, people_online__gt=0)
    unbegun = Q(now_state__isnull=True) | Q(now_state=RoomState.NOT_STARTED)
    live = (Q(now_state=RoomState.STARTED) | lingering | (unbegun & Q(students_online__gt=0))) & ~gone
    over = Q(now_state__in=[RoomState.ENDED, RoomState.CLOSED])
    if when == LIVE:
        return live
    if when == PAST:
        return gone | (over & ~lingering)
    return ~gone & unbegun & ~Q(students_online__gt=0)


def _matching(rooms: QuerySet[Room], filters: ClassFilters) -> QuerySet[Room]:
    if filters.q:
        teaches = Participant.objects.filter(room=OuterRef("pk"), was_teacher=True, name__icontains=filters.q)
        rooms = rooms.filter(Q(name__icontains=filters.q) | Exists(teaches))
    if filters.state:
        rooms = rooms.filter(now_state=RoomState[filters.state.upper()])
    if filters.no_teacher:
        rooms = rooms.filter(teachers_online=0)
    if filters.recording == "on":
        rooms = rooms.filter(recording_state=Recording.State.RECORDING)
    elif filters.recording == "off":
        rooms = rooms.exclude(recording_state=Recording.State.RECORDING)
    if filters.hands:
        rooms = rooms.filter(hands_raised__gt=0)
    return rooms


def classes(user: User, *, when: str, filters: ClassFilters, **more: Expression) -> QuerySet[Room]:
    """The rooms of `user` that are live, coming or past, ready to be shown: one query, whatever their number.

    Adds to each: `now_state`, `teacher_name` (of a teacher who is there, or was), `has_gap`, and `more`.
    """
    rooms = _as_shown(visible_rooms(user), when, **more)
    return _matching(rooms, filters).order_by(*_ORDER[when])


def _as_shown(rooms: QuerySet[Room], when: str, **more: Expression) -> QuerySet[Room]:
    teacher = (
        Participant.objects.filter(room=OuterRef("pk"))
        .filter(Q(was_teacher=True) | Q(role=Role.TEACHER))
        .order_by("-online", "-online_since", "pk")
    )
    return (
        rooms.annotate(now_state=_now_state())
        .filter(when_is(when))
        .defer(*_HEAVY)
        .annotate(
            teacher_name=Subquery(teacher.values("name")[:1]),
            has_gap=Exists(Gap.objects.filter(room=OuterRef("pk"))),
            **more,
        )
    )


def live_tiles(ids: Collection[int], **more: Expression) -> QuerySet[Room]:
    """Those of these rooms that are live, as `classes` gives them, whoever may see them."""
    return _as_shown(Room.objects.filter(pk__in=ids), LIVE, **more).order_by(*_ORDER[LIVE])


def with_state(**more: Expression) -> QuerySet[Room]:
    """Rooms with `now_state` and `more`, whoever may see them."""
    return Room.objects.defer(*_HEAVY).annotate(now_state=_now_state()).annotate(**more)


def not_past() -> QuerySet[Room]:
    """All rooms that are live or coming, each with `is_live`, whoever may see them."""
    live = Case(When(when_is(LIVE), then=Value(True)), default=Value(False))
    return (
        Room.objects.annotate(now_state=_now_state())
        .filter(when_is(LIVE) | when_is(COMING))
        .annotate(is_live=live)
        .order_by()
    )


def overview(user: User, filters: ClassFilters, **extra: Any) -> tuple[Overview, dict[str, Any]]:
    """Counts and mark of the classes of `user` in one query; `extra` are more aggregates, given back
    beside.
    """
    rooms = _matching(visible_rooms(user).annotate(now_state=_now_state()), filters)
    row = rooms.aggregate(
        live=Count("pk", filter=when_is(LIVE)),
        coming=Count("pk", filter=when_is(COMING)),
        past=Count("pk", filter=when_is(PAST)),
        versions=Sum("version"),
        **extra,
    )
    numbers = (
        row["live"],
        row["coming"],
        row["past"],
        row["versions"] or 0,
    )
    mark = ".".join(str(number) for number in numbers)
    counts = Overview(live=row["live"], coming=row["coming"], past=row["past"], mark=mark)
    return counts, {name: row[name] for name in extra}
