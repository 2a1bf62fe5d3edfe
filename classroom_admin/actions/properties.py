"""Commands about the properties of a room, a person or an extApp."""

from collections.abc import Sequence
from typing import Any

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Participant, Room

Properties = dict[str, Any]


def set_room_properties(
    *, actor: User, room: Room, properties: Properties, cause: Properties | None = None
) -> Entry:
    """Set properties of the room. Confirmed by event 4."""
    raise NotImplementedError


def delete_room_properties(
    *, actor: User, room: Room, names: Sequence[str], cause: Properties | None = None
) -> Entry:
    raise NotImplementedError


def set_participant_properties(
    *,
    actor: User,
    room: Room,
    participant: Participant,
    properties: Properties,
    cause: Properties | None = None,
) -> Entry:
    raise NotImplementedError


def delete_participant_properties(
    *,
    actor: User,
    room: Room,
    participant: Participant,
    names: Sequence[str],
    cause: Properties | None = None,
) -> Entry:
    raise NotImplementedError


def set_ext_app_properties(
    *,
    actor: User,
    room: Room,
    ext_app_uuid: str,
    properties: Properties,
    state: int | None = None,
    cause: Properties | None = None,
) -> Entry:
    raise NotImplementedError


def delete_ext_app_properties(
    *, actor: User, room: Room, ext_app_uuid: str, names: Sequence[str], cause: Properties | None = None
) -> Entry:
    raise NotImplementedError
