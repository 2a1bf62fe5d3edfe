"""Which rooms a person may see and touch: an administrator all, a teacher their own. Others get 404."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from classroom_admin.accounts.models import User
from classroom_admin.rooms.models import Participant, Room, RoomTeacher


def visible_rooms(user: User, rooms: QuerySet[Room] | None = None) -> QuerySet[Room]:
    """The rooms of `rooms` (all, unless given) that `user` may see; one query, whoever asks.

    A teacher's own: given to them, or entered as teacher by one of their cloud user ids.
    """
    rooms = Room.objects.all() if rooms is None else rooms
    if user.is_administrator:
        return rooms
    assigned = RoomTeacher.objects.filter(room=OuterRef("pk"), user=user)
    taught = Participant.objects.filter(
        room=OuterRef("pk"), was_teacher=True, user_uuid__in=user.identities.values("user_uuid")
    )
    return rooms.filter(Q(Exists(assigned)) | Q(Exists(taught)))


def room_for(user: User, key: str, rooms: QuerySet[Room] | None = None) -> Room:
    """The room under `key`, loaded and authorised in one query. Http404: unknown, or somebody else's."""
    room = visible_rooms(user, rooms).filter(key=key).first()
    if room is None:
        raise Http404("There is no such class, or it is not one of yours.")
    return room
