"""How a room becomes known here before any event told of it, and what reading it at the cloud said."""

from datetime import datetime

from classroom_admin.accounts.models import User
from classroom_admin.agora.models import RoomInfo
from classroom_admin.core import clock
from classroom_admin.rooms.models import Room, RoomTeacher


def register(
    *,
    room_uuid: str,
    name: str = "",
    room_type: int | None = None,
    planned_start_at: datetime | None = None,
    created_by: User | None = None,
) -> Room:
    """Make the room known, once; a teacher who created it here becomes its teacher.

    What is given counts only until the room was read at the cloud (``note_profile``). Folded columns stay
    alone.
    """
    room, _ = Room.objects.get_or_create(
        room_uuid=room_uuid,
        defaults={
            "name": name,
            "room_type": room_type,
            "planned_start_at": planned_start_at,
            "known_since": clock.now(),
        },
    )
    if created_by is not None and not created_by.is_administrator:
        RoomTeacher.objects.get_or_create(room=room, user=created_by)
    return room


def note_profile(*, room_uuid: str, info: RoomInfo) -> None:
    """Write the profile columns from an answer of "read a room"; what it leaves out stays as it was."""
    schedule = info.schedule
    told = {
        "name": info.room_name,
        "room_type": info.room_type,
        "profile_state": info.class_state if info.class_state in (0, 1, 2, 3) else None,
        "planned_start_at": _time(schedule.start_time),
        "planned_end_at": _time(schedule.end_time),
        "planned_close_at": _time(schedule.close_time),
    }
    known = {column: value for column, value in told.items() if value not in (None, "")}
    Room.objects.filter(room_uuid=room_uuid).update(**known, profile_read_at=clock.now(), gone_at=None)


def _time(ms: int | None) -> datetime | None:
    if not ms:
        return None
    try:
        return clock.from_ms(ms)
    except OverflowError:
        return None
