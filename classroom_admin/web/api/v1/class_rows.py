"""Find a class by its key, and describe it in JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from ninja import Field, Schema

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.class_plans import plan_of
from classroom_admin.actions.models import ScheduledCommand, Series
from classroom_admin.actions.scheduled import State
from classroom_admin.actions.series_selectors import list_of, scheduled_classes, teacher_of, visible_series
from classroom_admin.rooms.access import ClassAccess, NotYours, access_by_key, visible_rooms
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.web.api.v1.authentication import ApiHttpRequest
from classroom_admin.web.api.v1.schemas import Moment

STATES: Final = {
    None: "not_started",
    RoomState.NOT_STARTED: "not_started",
    RoomState.STARTED: "started",
    RoomState.ENDED: "ended",
    RoomState.CLOSED: "closed",
}
SCHEDULED: Final = "scheduled"
CANCELLED: Final = "cancelled"
FAILED: Final = "failed"


class Teacher(Schema):
    name: str
    email: str


class ClassOut(Schema):
    """A class. `starts_at` and `ends_at` are scheduled, `started_at` and `ended_at` are what happened."""

    key: str
    name: str
    state: str = Field(
        description="`not_started`, `started`, `ended` or `closed`. A class that is not created in the cloud "
        "yet is `scheduled`, `cancelled` or `failed`."
    )
    room_type: int | None
    starts_at: Moment | None
    ends_at: Moment | None
    closes_at: Moment | None
    started_at: Moment | None
    ended_at: Moment | None
    closed_at: Moment | None
    deleted_at: Moment | None = Field(description="When the cloud deleted the class.")
    people_online: int
    students_online: int
    teachers_online: int
    hands_raised: int
    chat_muted: bool
    recording: str | None = Field(description="`recording`, `ended`, `failed` or null.")
    teachers: list[Teacher] = Field(description="The accounts to which the class is assigned.")
    class_list: str | None = Field(description="The key of its class list.")
    series: str | None = Field(default=None, description="The key of the series, if it is not created yet.")


def described(rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return the rooms with the rows that ``of_room`` reads."""
    return rooms.select_related("class_list").prefetch_related("teachers__user")


def of_room(room: Room) -> dict[str, Any]:
    """Return a class of the cloud for the type ``ClassOut``."""
    teachers = [{"name": str(one.user), "email": one.user.email} for one in room.teachers.all()]
    return {
        "key": room.key,
        "name": room.name,
        "state": STATES[None if room.current_state is None else RoomState(room.current_state)],
        "room_type": room.room_type,
        "starts_at": room.planned_start_at,
        "ends_at": room.planned_end_at,
        "closes_at": room.planned_close_at,
        "started_at": room.started_at,
        "ended_at": room.ended_at,
        "closed_at": room.closed_at,
        "deleted_at": room.gone_at,
        "people_online": room.people_online,
        "students_online": room.students_online,
        "teachers_online": room.teachers_online,
        "hands_raised": room.hands_raised,
        "chat_muted": room.is_chat_muted,
        "recording": room.recording_state or None,
        "teachers": teachers,
        "class_list": room.class_list.key if room.class_list else None,
    }


def of_planned(planned: ScheduledCommand, key: str) -> dict[str, Any]:
    """Return a class that is not created yet for the type ``ClassOut``. ``key`` is its key in the API."""
    assert planned.series is not None
    assert planned.starts_at is not None
    plan = plan_of(planned)
    duration_s = plan.settings.get("duration_s")
    ends_at = None if duration_s is None else planned.starts_at + timedelta(seconds=duration_s)
    teacher, class_list = teacher_of(plan), list_of(plan)
    nothing = dict.fromkeys(("closes_at", "started_at", "ended_at", "closed_at", "deleted_at", "recording"))
    none_there = dict.fromkeys(("people_online", "students_online", "teachers_online", "hands_raised"), 0)
    return {
        "key": key,
        "name": plan.name,
        "state": {State.CANCELLED: CANCELLED, State.FAILED: FAILED}.get(State(planned.state), SCHEDULED),
        "room_type": plan.settings.get("room_type"),
        "starts_at": planned.starts_at,
        "ends_at": ends_at,
        "chat_muted": False,
        "teachers": [{"name": str(teacher), "email": teacher.email}] if teacher else [],
        "class_list": class_list.key if class_list else None,
        "series": planned.series.key,
        **nothing,
        **none_there,
    }


def class_access(request: ApiHttpRequest, key: str, *, to: Permission | None = None) -> ClassAccess:
    """Return the access of the person to a class of the cloud. Raise ``NotYours`` or ``NotAllowed``.

    The key of a series with only one class leads to that class.
    """
    key = _room_key(request.user, key)
    return access_by_key(request.user, key, described(Room.objects.all()), to=to)


def has_access(person: User, key: str, *, to: Permission) -> bool:
    """Return whether ``class_access`` would succeed for this person."""
    try:
        key = _room_key(person, key)
    except NotYours:
        return False
    return permissions.may(person, to) and visible_rooms(person).filter(key=key).exists()


def planned_class(person: User, key: str) -> ScheduledCommand | None:
    """Return the scheduled class that is not created yet and has this key. Return None if there is none."""
    planned = _only_class(person, key)
    return planned if planned is not None and planned.state != State.DONE else None


def class_of_series(person: User, room: Room) -> ScheduledCommand | None:
    """Return the scheduled class from which a room was created, if the person may see its series."""
    found = scheduled_classes().filter(key=room.room_uuid, series__in=visible_series(person))
    return found.select_related("series").first()


def one_class(request: ApiHttpRequest, key: str) -> dict[str, Any]:
    """Return a class for the type ``ClassOut``. Raise ``NotYours``."""
    planned = planned_class(request.user, key)
    return of_room(class_access(request, key).room) if planned is None else of_planned(planned, key)


def _room_key(person: User, key: str) -> str:
    planned = _only_class(person, key)
    if planned is None:
        return key
    made = Room.objects.filter(room_uuid=planned.key).values_list("key", flat=True).first()
    if made is None:
        raise NotYours
    return made


def _only_class(person: User, key: str) -> ScheduledCommand | None:
    """Return the class of the series with this key if it is the only one. Most keys are those of rooms."""
    if Room.objects.filter(key=key).exists():
        return None
    series = Series.objects.filter(pk__in=visible_series(person).values("pk"), key=key).first()
    if series is None:
        return None
    found = list(scheduled_classes().filter(series=series).select_related("series")[:2])
    return found[0] if len(found) == 1 else None
