"""How a room becomes known here before any event told of it: somebody created it."""

from datetime import datetime

from classroom_admin.accounts.models import User
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomTeacher


def register(
    *,
    room_uuid: str,
    name: str,
    room_type: int,
    planned_start_at: datetime | None,
    planned_end_at: datetime | None,
    planned_close_at: datetime | None,
    created_by: User,
) -> Room:
    """Make the room known, once; a teacher who created it is its teacher.

    The profile stands as it was asked for until the sync reads the room at the cloud, as soon
    as it finds a room that is new to it. A room that is known already keeps what it has.
    """
    room, _ = Room.objects.get_or_create(
        room_uuid=room_uuid,
        defaults={
            "name": name,
            "room_type": room_type,
            "planned_start_at": planned_start_at,
            "planned_end_at": planned_end_at,
            "planned_close_at": planned_close_at,
            "known_since": clock.now(),
        },
    )
    if not created_by.is_administrator:
        RoomTeacher.objects.get_or_create(room=room, user=created_by, defaults={"assigned_at": clock.now()})
    return room
