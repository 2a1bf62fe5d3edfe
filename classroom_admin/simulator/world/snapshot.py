"""The current state of a room, which a classroom client requests when it enters."""

from typing import Any

from classroom_admin.simulator.world import classes, media
from classroom_admin.simulator.world.model import ROOM_STREAM, Room
from classroom_admin.simulator.world.world import World


def of_room(world: World, room: Room) -> dict[str, Any]:
    """Return the present people, the room's properties and the sequence number of the last event.

    The vendor's client reads ``sequence`` and ``snapshot``. The other fields repeat their values.
    """
    users = [
        {
            "userUuid": user.uuid,
            "userName": user.name,
            "role": user.role,
            "userProperties": user.properties,
            "streams": media.rows(world, user),
        }
        for user in room.online()
    ]
    properties = classes.describe(room)["roomProperties"]
    info = {"roomUuid": room.uuid, "roomName": room.name}
    state = {"state": int(room.state), "createTime": room.created_ms}
    last = room.logs[ROOM_STREAM].last
    flat = {"seq": last, "users": users, "roomProperties": properties, "roomInfo": info}
    inner = {"roomInfo": info, "roomProperties": properties, "roomState": state}
    return {**flat, "sequence": last, "snapshot": {"room": inner, "users": users}}
