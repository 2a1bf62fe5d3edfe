"""Decide who may see and control a class. Administrators may control all classes, teachers their own classes.

The permission is checked once per request. The result is a `ClassAccess`. Every function that acts on a class
takes a `ClassAccess` as its first argument, so no code can call the function without permission.
"""

from collections.abc import Collection
from dataclasses import InitVar, dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import Participant, Room, RoomTeacher

_CHECKED: Final = object()


class NotYours(Http404):
    """The error for a person without permission for a class or class list: 404, as if there were none."""

    def __init__(self) -> None:
        super().__init__(gettext("This class does not exist, or you don't have access to it."))


@dataclass(frozen=True, slots=True)
class ClassAccess:
    """The permission of `person` to see and control `room`. Only `access_to` and `access_by_key` create it.

    A permission is valid only for one request or one scheduled command. Do not store it.
    """

    person: User
    room: Room
    checked: InitVar[object]

    def __post_init__(self, checked: object) -> None:
        if checked is not _CHECKED:
            raise TypeError("call access_to or access_by_key, which check the permission")


def access_to(person: User, room: Room) -> ClassAccess:
    """Return the access of `person` to `room`, in one query (none for an administrator).

    Raise ``NotYours`` if `person` is deactivated or may not act on the room.
    """
    if person.is_active and (
        person.is_administrator or own_rooms(person, Room.objects.filter(pk=room.pk)).exists()
    ):
        return ClassAccess(person, room, _CHECKED)
    raise NotYours


def access_by_key(person: User, key: str, rooms: QuerySet[Room] | None = None) -> ClassAccess:
    """Return the access of `person` to the room with this `key` among `rooms` (default: all), in one query.

    Raise ``NotYours`` if no room has this `key`, or if `person` is deactivated or may not see the room.
    """
    room = visible_rooms(person, rooms).filter(key=key).first() if person.is_active else None
    if room is None:
        raise NotYours
    return ClassAccess(person, room, _CHECKED)


def visible_rooms(user: User, rooms: QuerySet[Room] | None = None) -> QuerySet[Room]:
    """Return the rooms among `rooms` (default: all) that `user` may see, as one query."""
    rooms = Room.objects.all() if rooms is None else rooms
    return rooms if user.is_administrator else own_rooms(user, rooms)


def own_rooms(user: User, rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return the rooms among `rooms` that are assigned to `user` or that `user` joined as a teacher."""
    return rooms.filter(Q(is_assigned_to(user)) | Q(_was_taught_by(CloudIdentity.objects.filter(user=user))))


def unassigned_rooms() -> QuerySet[Room]:
    """Return the rooms without an assigned teacher that no known cloud user id joined as a teacher."""
    assigned = Exists(RoomTeacher.objects.filter(room=OuterRef("pk")))
    return Room.objects.filter(~assigned, ~_was_taught_by(CloudIdentity.objects.all()))


def is_assigned_to(user: User) -> Exists:
    """Return the condition that a room is assigned to `user`. It does not matter who taught the room."""
    return Exists(RoomTeacher.objects.filter(room=OuterRef("pk"), user=user))


def own_room_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of the `own_rooms` of each teacher, by the teacher's account id."""
    found: dict[int, set[int]] = {pk: set() for pk in teachers}
    for some in chunks(teachers):
        assigned = RoomTeacher.objects.filter(user__in=some)
        for user_id, room_id in assigned.values_list("user_id", "room_id"):
            found[user_id].add(room_id)
        identities = CloudIdentity.objects.filter(user__in=some)
        owners: dict[str, int] = dict(identities.values_list("user_uuid", "user_id"))
        for user_uuids in chunks(owners):
            taught = Participant.objects.filter(was_teacher=True, user_uuid__in=user_uuids)
            for user_uuid, room_id in taught.values_list("user_uuid", "room_id"):
                found[owners[user_uuid]].add(room_id)
    return found


def _was_taught_by(identities: QuerySet[CloudIdentity]) -> Exists:
    taught = Participant.objects.filter(room=OuterRef("pk"), was_teacher=True)
    return Exists(taught.filter(user_uuid__in=identities.values("user_uuid")))
