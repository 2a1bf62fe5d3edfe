"""Register a room that we created, before any event about the room arrives."""

from datetime import datetime

from classroom_admin.accounts import permissions
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
    """Store a new room and assign it to the teacher who created it. A known room does not change.

    The columns contain the requested values until the next room refresh.
    """
    room, _ = Room.objects.get_or_create(
        room_uuid=room_uuid,
        defaults={
            "name": name,
            "room_type": room_type,
            "planned_start_at": planned_start_at,
            "planned_end_at": planned_end_at,
            "planned_close_at": planned_close_at,
            "timetable_start_at": planned_start_at,
            "timetable_end_at": planned_end_at,
            "known_since": clock.now(),
        },
    )
    if not permissions.sees_all_classes(created_by):
        RoomTeacher.objects.get_or_create(room=room, user=created_by, defaults={"assigned_at": clock.now()})
    return room
