"""Rules for who may see and control a room: administrators all rooms, teachers their own. Else 404."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import Participant, Room, RoomTeacher


def visible_rooms(user: User, rooms: QuerySet[Room] | None = None) -> QuerySet[Room]:
    """Return the rooms among `rooms` (default: all) that `user` may see, as one query."""
    rooms = Room.objects.all() if rooms is None else rooms
    return rooms if user.is_administrator else own_rooms(user, rooms)


def own_rooms(user: User, rooms: QuerySet[Room]) -> QuerySet[Room]:
    """Return the rooms among `rooms` that are assigned to `user` or that `user` joined as a teacher."""
    return rooms.filter(Q(is_assigned_to(user)) | Q(_was_taught_by(CloudIdentity.objects.filter(user=user))))


def unassigned_rooms() -> QuerySet[Room]:
    """Return the rooms that nobody is assigned to and that no known cloud user id joined as a teacher."""
    assigned = Exists(RoomTeacher.objects.filter(room=OuterRef("pk")))
    return Room.objects.filter(~assigned, ~_was_taught_by(CloudIdentity.objects.all()))


def is_assigned_to(user: User) -> Exists:
    """Return the condition that a room is assigned to `user`, regardless of who taught it."""
    return Exists(RoomTeacher.objects.filter(room=OuterRef("pk"), user=user))


def own_room_ids(teachers: Collection[int]) -> dict[int, set[int]]:
    """Return, for each teacher's account id, the ids of their `own_rooms`."""
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


def room_for(user: User, key: str, rooms: QuerySet[Room] | None = None) -> Room:
    """Return the room with this `key`, in one query. Raise Http404 if `user` may not see it."""
    room = visible_rooms(user, rooms).filter(key=key).first()
    if room is None:
        raise Http404("There is no such class, or it is not one of yours.")
    return room


def _was_taught_by(identities: QuerySet[CloudIdentity]) -> Exists:
    taught = Participant.objects.filter(room=OuterRef("pk"), was_teacher=True)
    return Exists(taught.filter(user_uuid__in=identities.values("user_uuid")))
