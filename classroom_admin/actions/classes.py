"""Commands about a class as a whole: create, start, end, close."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow
from classroom_admin.actions.cloud import COMMAND_S, LOOK_S
from classroom_admin.actions.command import Command, Confirms, Detail
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora.client import Client
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import registry
from classroom_admin.rooms.models import Room, RoomState

CLASS_STATE_EVENT: Final = 1
PUPIL: Final = "2"  # the cloud's number for the role, as text
_EPOCH_MS: Final = 1000


def start_class(*, actor: User, room: Room) -> Entry:
    """Start the class now, whatever its plan says (contract A: class state 1). Confirmed by event 1."""
    return _set_state(actor=actor, room=room, action="class.start", state=RoomState.STARTED)


def end_class(*, actor: User, room: Room) -> Entry:
    """End the class; people may stay until the close delay is over (contract A: class state 2)."""
    return _set_state(actor=actor, room=room, action="class.end", state=RoomState.ENDED)


def close_class(*, actor: User, room: Room) -> Entry:
    """Close the room for good: everybody is removed and nobody enters again (contract A: class state 3)."""
    return _set_state(actor=actor, room=room, action="class.close", state=RoomState.CLOSED)


def create_class(
    *,
    actor: User,
    name: str,
    room_type: int,
    starts_at: datetime | None = None,
    duration_s: int | None = None,
    close_delay_s: int | None = None,
    pupil_limit: int | None = None,
    max_on_stage: int | None = None,
    stage_role: str | None = None,
    widgets: Mapping[str, Any] | None = None,
    flex_properties: Mapping[str, Any] | None = None,
) -> Entry:
    """Create a class (contract B: create a room) under an id made here; ``entry.room_uuid`` names it.

    ``room_type``: 0 one-to-one, 2 lecture hall, 4 small, 10 small cloud. ``starts_at`` is aware; without it
    the class waits until somebody starts it. ``duration_s``: at most a day. ``close_delay_s``: 600 unless
    given. ``pupil_limit``: how many pupils may be in, None for no bound. ``max_on_stage``, ``stage_role``:
    handsUp's maxAccept and defaultAcceptRole. ``widgets``: ``{"netlessBoard": {"state": 1}}``.

    The room is known here as soon as the cloud accepted it; a teacher who creates one is its teacher.
    Confirmed by reading the room back.
    """
    if starts_at is not None and starts_at.tzinfo is None:
        raise ActionRefused("The start needs a time zone.", field="schedule.startTime")
    room_uuid = uuid4().hex
    schedule = {
        "startTime": None if starts_at is None else int(starts_at.timestamp() * _EPOCH_MS),
        "duration": duration_s,
        "closeDelay": close_delay_s,
    }
    schedule = {field: value for field, value in schedule.items() if value is not None}
    asked = {
        "name": name,
        "room_type": room_type,
        "schedule": schedule,
        "pupil_limit": pupil_limit,
        "max_on_stage": max_on_stage,
        "stage_role": stage_role,
        "widgets": widgets,
        "flex_properties": flex_properties,
    }
    shown = {field: value for field, value in asked.items() if value not in (None, {})}
    shown.pop("flex_properties", None)

    def call(cloud: Client) -> Detail | None:
        cloud.create_room(
            room_uuid=room_uuid,
            room_type=room_type,
            room_name=name,
            schedule=schedule or None,
            max_on_stage=max_on_stage,
            stage_role=stage_role,
            flex_properties=flex_properties,
            widgets=widgets,
            role_config=None if pupil_limit is None else {PUPIL: {"limit": pupil_limit}},
            deadline_s=COMMAND_S,
        )
        registry.register(
            room_uuid=room_uuid, name=name, room_type=room_type, planned_start_at=starts_at, created_by=actor
        )
        return None

    def read_back(cloud: Client) -> Detail | None:
        info = cloud.read_room(room_uuid=room_uuid, deadline_s=LOOK_S)
        registry.register(room_uuid=room_uuid, name=name, room_type=room_type, created_by=actor)
        registry.note_profile(room_uuid=room_uuid, info=info)
        return {"name": info.room_name, "state": info.class_state}

    command = Command(
        action="class.create",
        room_uuid=room_uuid,
        target_name=name,
        params=shown,
        same_as=asked,
        call=call,
        read_back=read_back,
    )
    return flow.run(actor=actor, room=None, command=command)


def _set_state(*, actor: User, room: Room, action: str, state: RoomState) -> Entry:
    room_uuid, number = room.room_uuid, int(state)

    def call(cloud: Client) -> Detail | None:
        cloud.set_class_state(room_uuid=room_uuid, state=number, deadline_s=COMMAND_S)
        return None

    command = Command(
        action=action,
        room_uuid=room_uuid,
        target_name=room.name,
        call=call,
        confirmed_by=Confirms(cmd=CLASS_STATE_EVENT, match={"state": number}),
    )
    return flow.run(actor=actor, room=room, command=command)
