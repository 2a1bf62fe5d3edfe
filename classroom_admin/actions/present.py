"""What the properties of a room, of a person in it or of an extApp are now: read at the cloud.

Events tell changes only; what a room was made with is in no event. Nothing is changed and nothing recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from classroom_admin.accounts.models import User
from classroom_admin.actions import cloud, flow
from classroom_admin.actions.cloud import LOOK_S
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora.calls import ReadRoom, ReadUser
from classroom_admin.agora.errors import CloudError, InvalidArgument
from classroom_admin.agora.models import read_object
from classroom_admin.rooms.models import Participant, Room

log = logging.getLogger(__name__)
# What the cloud keeps among a room's properties for itself; each has a way of its own to be changed.
KEPT_BY_THE_CLOUD: Final = frozenset(
    ("schedule", "record", "processes", "widgets", "extApps", "extAppsCommon", "groups")
)
EXT_APP_STATE: Final = "common"


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """``properties``: what may be edited. ``kept``: what the cloud keeps for itself. ``from_cloud``: whether
    the cloud was asked just now; else this is what its events told.
    """

    properties: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)
    from_cloud: bool = True


def of_room(*, actor: User, room: Room) -> Present:
    """Properties of the room. Raises ``NotYours``."""
    flow.authorise(actor, room)
    read = _read_room(room)
    every = room.properties if read is None else read
    return Present(
        properties={name: value for name, value in every.items() if name not in KEPT_BY_THE_CLOUD},
        kept={name: value for name, value in every.items() if name in KEPT_BY_THE_CLOUD},
        from_cloud=read is not None,
    )


def of_participant(*, actor: User, room: Room, participant: Participant) -> Present:
    """Properties of a person in the room. Raises ``NotYours``."""
    flow.authorise(actor, room)
    try:
        read = ReadUser(room_uuid=room.room_uuid, user_uuid=participant.user_uuid)
        info = cloud.client().send(read, deadline_s=LOOK_S)
    except (CloudError, ActionRefused, InvalidArgument) as error:
        log.info("properties are shown as events told them: %s", error)
        return Present(properties=dict(participant.properties), from_cloud=False)
    return Present(properties=dict(info.user_properties))


def of_ext_app(*, actor: User, room: Room, ext_app_uuid: str) -> Present:
    """Properties of an extApp; its state is in ``kept["common"]`` where an event told it. ``NotYours``."""
    flow.authorise(actor, room)
    told = read_object(room.ext_apps.get(ext_app_uuid))
    read = _read_room(room)
    every: Mapping[str, Any] = (
        told if read is None else read_object(read_object(read.get("extApps")).get(ext_app_uuid))
    )
    kept = {EXT_APP_STATE: told[EXT_APP_STATE]} if EXT_APP_STATE in told else {}
    own = {name: value for name, value in every.items() if name != EXT_APP_STATE}
    return Present(properties=own, kept=kept, from_cloud=read is not None)


def _read_room(room: Room) -> dict[str, Any] | None:
    try:
        read = ReadRoom(room_uuid=room.room_uuid)
        return dict(cloud.client().send(read, deadline_s=LOOK_S).room_properties)
    except (CloudError, ActionRefused, InvalidArgument) as error:
        log.info("properties are shown as events told them: %s", error)
        return None
