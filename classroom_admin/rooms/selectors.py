"""Queries for lists of live, upcoming and past classes, with the columns that pages show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    DateTimeField,
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
from django.db.models.functions import Coalesce, Least, Now

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.common.search_field import matches
from classroom_admin.rooms.access import visible_rooms
from classroom_admin.rooms.models import Gap, Participant, Recording, Role, Room, RoomState
from classroom_admin.rooms.substitutions import expected_name

LIVE: Final = "live"
COMING: Final = "coming"
PAST: Final = "past"
WHEN: Final = (LIVE, COMING, PAST)
_ORDER: Final = {
    LIVE: (F("started_at").desc(nulls_last=True), "name", "pk"),
    COMING: (F("planned_start_at").asc(nulls_last=True), "name", "pk"),
    PAST: (Coalesce("ended_at", "closed_at", "started_at", "known_since").desc(), "pk"),
}
FAR_FUTURE: Final = datetime(9999, 12, 31, tzinfo=UTC)
ENDS_SOON: Final = timedelta(minutes=10)
# the large columns that lists of classes do not show
HEAVY: Final = ("properties", "ext_apps", "groups", "known_groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFilters:
    """The filters of a list of classes. "" and False mean no filter. `recording` is "", "on" or "off".

    `ends_soon` selects running classes with a planned end that is at most ``ENDS_SOON`` away or has passed.
    """

    q: str = ""
    state: str = ""
    no_teacher: bool = False
    recording: str = ""
    hands: bool = False
    ends_soon: bool = False

    @property
    def any(self) -> bool:
        return self != ClassFilters()

    def without(self, name: str) -> ClassFilters:
        """Return these filters without the filter `name`."""
        return replace(self, **{name: getattr(ClassFilters(), name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The numbers of live, upcoming and past classes, and a text (`mark`) that changes with any class.

    `running` counts started classes. `live` also counts classes that have students but have not started, and
    ended classes that still have people.
    """

    live: int
    running: int
    coming: int
    past: int
    mark: str


def _now_state() -> Coalesce:
    return Coalesce("state", "profile_state")


def when_is(when: str) -> Q:
    """Return the condition for live, upcoming or past rooms. The rooms must be annotated with `now_state`.

    Live rooms have started, have ended with people still present, or have students but have not started. Past
    rooms have ended, closed or been deleted in the cloud. All other rooms are upcoming.
    """
    gone = Q(gone_at__isnull=False)
    lingering = Q(now_state=RoomState.ENDED, people_online__gt=0)
    not_started = Q(now_state__isnull=True) | Q(now_state=RoomState.NOT_STARTED)
    live = (Q(now_state=RoomState.STARTED) | lingering | (not_started & Q(students_online__gt=0))) & ~gone
    over = Q(now_state__in=[RoomState.ENDED, RoomState.CLOSED])
    if when == LIVE:
        return live
    if when == PAST:
        return gone | (over & ~lingering)
    return ~gone & not_started & ~Q(students_online__gt=0)


def named_like(words: str) -> Q:
    """Return the condition that a room's name contains every word (see `common.text_matching`)."""
    return Q(pk__in=_named(words).values("pk"))  # With a subquery, the database reads only the index.


def room_uuids_like(words: str) -> QuerySet[Any, Any]:
    """Return the cloud ids of the rooms with every word in their names, as a subquery."""
    return _named(words).values("room_uuid")


def named_or_taught_like(words: str) -> QuerySet[Any, Any]:
    """Return the ids of rooms with every word in the name of the room or of a teacher. Ids may repeat."""
    taught = Participant.objects.filter(matches(words, field="name_search"), was_teacher=True)
    return _named(words).values("pk").union(taught.values("room"), all=True)


def _named(words: str) -> QuerySet[Room]:
    return Room.objects.filter(matches(words, field="name_search"))


def _matching(rooms: QuerySet[Any], filters: ClassFilters) -> QuerySet[Room]:
    if filters.q:
        rooms = rooms.filter(pk__in=named_or_taught_like(filters.q))
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
    if filters.ends_soon:
        soon = clock.cloud_now() + ENDS_SOON
        rooms = rooms.filter(now_state=RoomState.STARTED, planned_end_at__lte=soon)
    return rooms


def classes(user: User, *, when: str, filters: ClassFilters, **more: Expression | Subquery) -> QuerySet[Room]:
    """Return the live, upcoming or past rooms that `user` may see.

    Each is annotated with `now_state`, `teacher_name`, `expected_name`, `has_gap` and `more`. `teacher_name`
    is the name of a teacher who is or was present.
    """
    rooms = _as_shown(visible_rooms(user), when, **more)
    return _matching(rooms, filters).order_by(*_ORDER[when])


def found_classes(user: User, *, when: str | None, filters: ClassFilters) -> QuerySet[Room]:
    """Return the rooms that `user` may see and that match, in no order. If `when` is None, return all.

    Rooms are annotated with `now_state`.
    """
    rooms = visible_rooms(user).defer(*HEAVY).annotate(now_state=_now_state())
    return _matching(rooms if when is None else rooms.filter(when_is(when)), filters)


class ClassPages:
    """The live, upcoming or past rooms that `user` may see. A slice returns rooms as `classes` does."""

    def __init__(self, user: User, *, when: str, filters: ClassFilters) -> None:
        rooms = visible_rooms(user).annotate(now_state=_now_state()).filter(when_is(when))
        self._when = when
        self._keys = _matching(rooms, filters).order_by(*_ORDER[when]).values_list("pk", flat=True)

    def __getitem__(self, part: slice) -> list[Room]:
        rooms = _as_shown(Room.objects.filter(pk__in=self._keys[part]), self._when)
        return list(rooms.order_by(*_ORDER[self._when]))


def classes_in_calendar(user: User, *, cancelled_since: datetime) -> QuerySet[Room]:
    """Return the live and upcoming rooms that `user` may see, and rooms cancelled since `cancelled_since`.

    A room is cancelled if it was ended, closed or deleted before its planned start. Rooms are annotated with
    `cancelled_at`.
    """
    never = Value(FAR_FUTURE, output_field=DateTimeField())
    ended = Least(*(Coalesce(name, never) for name in ("ended_at", "closed_at", "gone_at")))
    rooms = visible_rooms(user).annotate(now_state=_now_state(), over_at=ended)
    is_cancelled = Q(started_at__isnull=True, over_at__lt=F("planned_start_at"))
    rooms = rooms.annotate(cancelled_at=Case(When(is_cancelled, then=F("over_at"))))
    shown = when_is(LIVE) | when_is(COMING) | Q(cancelled_at__gte=cancelled_since)
    return rooms.filter(shown).defer(*HEAVY).order_by("planned_start_at", "pk")


def of_class() -> Q:
    """Return the condition that a row belongs to the class of the outer query, or to its breakout rooms."""
    return Q(room=OuterRef("pk")) | Q(room__parent=OuterRef("pk"))


def teacher_name() -> Subquery:
    """Return an expression for the name of a room's present or past teacher."""
    teacher = (
        Participant.objects.filter(room=OuterRef("pk"))
        .filter(Q(was_teacher=True) | Q(role=Role.TEACHER))
        .order_by("-online", "-online_since", "pk")
    )
    return Subquery(teacher.values("name")[:1])


def _as_shown(rooms: QuerySet[Room], when: str, **more: Expression | Subquery) -> QuerySet[Room]:
    return (
        rooms.annotate(now_state=_now_state())
        .filter(when_is(when))
        .defer(*HEAVY)
        .annotate(
            teacher_name=teacher_name(),
            expected_name=expected_name(
                Coalesce(OuterRef("planned_start_at"), Now()) if when == COMING else None
            ),
            has_gap=Exists(Gap.objects.filter(of_class())),
            **more,
        )
    )


def live_rooms(user: User, **more: Expression | Subquery | Exists) -> QuerySet[Room]:
    """Return the live rooms that `user` may see, annotated with `now_state` and `more`, in no order."""
    rooms = visible_rooms(user).annotate(now_state=_now_state()).filter(when_is(LIVE))
    return rooms.annotate(**more).order_by()


def is_any_live() -> bool:
    """Return whether any room is live."""
    return Room.objects.annotate(now_state=_now_state()).filter(when_is(LIVE)).exists()


def room_at_the_cloud() -> str:
    """Return the cloud's id of the running class that started last, or "" if there is none."""
    running = Room.objects.filter(state=RoomState.STARTED, gone_at__isnull=True)
    return running.order_by("-started_at").values_list("room_uuid", flat=True).first() or ""


def live_tiles(**more: Expression | Subquery) -> QuerySet[Room]:
    """Return all live rooms, annotated as in `classes`, in no order. This does not check who may see them."""
    return _as_shown(Room.objects.filter(parent=None), LIVE, **more).order_by()


def with_state(**more: Expression | Subquery) -> QuerySet[Room]:
    """Return all classes, annotated with `now_state` and `more`. This does not check who may see them."""
    return Room.objects.filter(parent=None).defer(*HEAVY).annotate(now_state=_now_state()).annotate(**more)


def not_past() -> QuerySet[Any]:
    """Return all live and upcoming rooms, annotated with `is_live`. This does not check who may see them."""
    live = Case(When(when_is(LIVE), then=Value(True)), default=Value(False))
    rooms: QuerySet[Any] = Room.objects.filter(parent=None).annotate(now_state=_now_state())
    rooms = rooms.filter(when_is(LIVE) | when_is(COMING)).annotate(is_live=live)
    return rooms.order_by()


def overview(user: User, filters: ClassFilters, **extra: Any) -> tuple[Overview, dict[str, Any]]:
    """Return the overview of the classes that `user` may see, and the aggregates in `extra`."""
    rooms = _matching(visible_rooms(user).annotate(now_state=_now_state()), filters)
    row = rooms.aggregate(
        live=Count("pk", filter=when_is(LIVE)),
        running=Count("pk", filter=when_is(LIVE) & Q(now_state=RoomState.STARTED)),
        coming=Count("pk", filter=when_is(COMING)),
        past=Count("pk", filter=when_is(PAST)),
        versions=Sum("version"),
        **extra,
    )
    mark = ".".join(str(row[name] or 0) for name in ("live", "running", "coming", "past", "versions"))
    numbers = {name: row[name] for name in ("live", "running", "coming", "past")}
    counts = Overview(**numbers, mark=mark)
    return counts, {name: row[name] for name in extra}
