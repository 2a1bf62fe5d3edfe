"""Decide who may see and control a class. Administrators may control all classes, teachers their own.

A substitute may see and control a class only during the substitution, even if they joined it as a teacher.

The permission is checked once per request. The result is a `ClassAccess`. Every function that acts on a class
takes a `ClassAccess` as its first argument, so it can't be called without permission.
"""

from collections.abc import Collection
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import Participant, Room, RoomTeacher, Substitution

_CHECKED: Final = object()


class NotYours(Http404):
    """The error if a person must not see a class or class list. The 404 hides whether it exists."""

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))


class NotAllowed(Http404):
    """The error if a person's role does not permit a page. The 404 hides whether the page exists."""


@dataclass(frozen=True, slots=True)
class ClassAccess:
    """The permission of `person` to see and control `room`.

    Only `access_to` and `access_by_key` create it. It is valid only for one request or one scheduled command.
    Do not store it.
    """

    person: User
    room: Room
    checked: InitVar[object]

    def __post_init__(self, checked: object) -> None:
        if checked is not _CHECKED:
            raise TypeError("call access_to or access_by_key, which check the permission")


def access_to(person: User, room: Room) -> ClassAccess:
    """Return the access of `person` to `room`.

    Raise ``NotYours`` if `person` is deactivated or has no access to the room.
    """
    if person.is_active and (
        person.is_administrator or own_rooms(person, Room.objects.filter(pk=room.pk)).exists()
    ):
        return ClassAccess(person, room, _CHECKED)
    raise NotYours


def access_by_key(person: User, key: str, rooms: QuerySet[Room] | None = None) -> ClassAccess:
    """Return the access of `person` to the room with this `key`.

    `rooms` limits the rooms to search. Raise ``NotYours`` if no room has this `key`, or if `person` is
    deactivated or may not see the room.
    """
    room = visible_rooms(person, rooms).filter(key=key).first() if person.is_active else None
    if room is None:
        raise NotYours
    return ClassAccess(person, room, _CHECKED)


def visible_rooms(user: User, rooms: QuerySet[Room] | None = None) -> QuerySet[Room]:
    """Return the classes that `user` may see. `rooms` limits the classes.

    Breakout rooms are omitted, because pages show them with their class.
    """
    rooms = (Room.objects.all() if rooms is None else rooms).filter(parent=None)
    return rooms if user.is_administrator else own_rooms(user, rooms)


def own_rooms(user: User, rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return those of `rooms` that are assigned to `user`, or in which `user` is now a substitute.

    Rooms that `user` joined as a teacher are included, too, unless `user` was or will be their substitute.
    """
    own = Substitution.objects.filter(teacher=user)
    taught = Q(_was_taught_by(CloudIdentity.objects.filter(user=user))) & ~Q(_covered_by(own))
    return rooms.filter(Q(is_assigned_to(user)) | Q(_covered_by(own.filter(in_period()))) | taught)


def unassigned_rooms() -> QuerySet[Room]:
    """Return the rooms that are assigned to no one and that no one with an account joined as a teacher."""
    assigned = Exists(RoomTeacher.objects.filter(room=OuterRef("pk")))
    return Room.objects.filter(~assigned, ~_was_taught_by(CloudIdentity.objects.all()), parent=None)


def is_assigned_to(user: User) -> Exists:
    """Return the condition that a room is assigned to `user`."""
    return Exists(RoomTeacher.objects.filter(room=OuterRef("pk"), user=user))


def own_room_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of each teacher's own rooms, by the teacher's account id."""
    found: dict[int, set[int]] = {pk: set() for pk in teachers}
    for some in chunks(teachers):
        taught_rooms: dict[int, set[int]] = {pk: set() for pk in some}
        assigned = RoomTeacher.objects.filter(user__in=some)
        for user_id, room_id in assigned.values_list("user_id", "room_id"):
            found[user_id].add(room_id)
        identities = CloudIdentity.objects.filter(user__in=some)
        owners: dict[str, int] = dict(identities.values_list("user_uuid", "user_id"))
        for user_uuids in chunks(owners):
            taught = Participant.objects.filter(was_teacher=True, user_uuid__in=user_uuids)
            for user_uuid, room_id in taught.values_list("user_uuid", "room_id"):
                taught_rooms[owners[user_uuid]].add(room_id)
        covered, now_covered = _covered_room_ids(some)
        for user_id in some:
            found[user_id] |= now_covered[user_id] | (taught_rooms[user_id] - covered[user_id])
    return found


def in_period(now: datetime | None = None) -> Q:
    """Return the condition that a `Substitution` is in force at `now` (default: the current time)."""
    now = now or clock.now()
    return Q(starts_at__lte=now, ends_at__gt=now)


def covers_room() -> Q:
    """Return the condition that a `Substitution` covers the room of the outer query."""
    return Q(room=OuterRef("pk")) | Q(series__planned__key=OuterRef("room_uuid"))


def _covered_by(substitutions: QuerySet[Substitution]) -> Exists:
    return Exists(substitutions.filter(covers_room()))


def _covered_room_ids(teachers: Collection[int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return two dicts from teacher ids to room ids: for all substitutions, and for the current ones."""
    ever: dict[int, set[int]] = {pk: set() for pk in teachers}
    current: dict[int, set[int]] = {pk: set() for pk in teachers}
    now = clock.now()
    known = Substitution.objects.filter(teacher__in=teachers)
    columns = ("teacher_id", "room_id", "series__planned__key", "starts_at", "ends_at")
    rows = list(known.values_list(*columns))
    uuids = {uuid for _teacher, _room, uuid, _starts, _ends in rows if uuid}
    ids: dict[str, int] = {}
    for some in chunks(uuids):
        ids |= dict(Room.objects.filter(room_uuid__in=some).values_list("room_uuid", "pk"))
    for teacher_id, room_id, room_uuid, starts_at, ends_at in rows:
        pk = room_id or ids.get(room_uuid or "")
        if pk is not None:
            ever[teacher_id].add(pk)
            if starts_at <= now < ends_at:
                current[teacher_id].add(pk)
    return ever, current


def _was_taught_by(identities: QuerySet[CloudIdentity]) -> Exists:
    taught = Participant.objects.filter(room=OuterRef("pk"), was_teacher=True)
    return Exists(taught.filter(user_uuid__in=identities.values("user_uuid")))
