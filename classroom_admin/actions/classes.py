"""Commands about a class as a whole: create, start, end, close."""

from datetime import datetime
from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow
from classroom_admin.actions.command import Command, Confirms
from classroom_admin.agora import checks
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room, RoomState


def start_class(*, actor: User, room: Room) -> Entry:
    """Start the class now, whatever its plan says (contract A: class state 1). Confirmed by event 1."""
    return _set_state(actor=actor, room=room, action="class.start", state=RoomState.STARTED)


def end_class(*, actor: User, room: Room) -> Entry:
    """End the class; people may stay until the close delay is over (contract A: class state 2)."""
    return _set_state(actor=actor, room=room, action="class.end", state=RoomState.ENDED)


def close_class(*, actor: User, room: Room) -> Entry:
    """Close the room for good: everybody is removed and nobody enters again (contract A: class state 3)."""
    return _set_state(actor=actor, room=room, action="class.close", state=RoomState.CLOSED)


def _set_state(*, actor: User, room: Room, action: str, state: RoomState) -> Entry:
    command = Command(
        action=action,
        room_uuid=room.room_uuid,
        check=lambda: checks.room_id(room.room_uuid),
        call=lambda cloud: flow.no_detail(cloud.set_class_state(room.room_uuid, int(state))),
        confirmed_by=Confirms(cmd=1, match={"state": int(state)}),
    )
    return flow.run(actor=actor, room=room, command=command)


def create_class(
    *,
    actor: User,
    name: str,
    room_type: int,
    starts_at: datetime | None = None,
    duration_s: int | None = None,
    close_delay_s: int | None = None,
    pupil_limit: int | None = None,
    widgets: dict[str, Any] | None = None,
    processes: dict[str, Any] | None = None,
    flex_properties: dict[str, Any] | None = None,
) -> Entry:
    """Create a class (contract B: create a room) under an id made here; ``entry.room_uuid`` names it.

    ``room_type``: 0 one-to-one, 2 lecture hall, 4 small, 10 small cloud. ``starts_at`` is aware; without it
    the class waits until somebody starts it. ``duration_s`` at most a day, ``close_delay_s`` 600 unless
    given. ``pupil_limit``: how many pupils may be in, -1 or None for no bound. Confirmed by reading the room
    back.
    """
    raise NotImplementedError
