"""The current state of a room, which a classroom client requests when it enters."""

from typing import Any

from classroom_admin.simulator.world import classes
from classroom_admin.simulator.world.model import ROOM_STREAM, Room, User


def streams(user: User) -> list[dict[str, Any]]:
    return [
        {
            "streamUuid": stream.uuid,
            "streamName": stream.name,
            "videoSourceType": stream.video_source,
            "audioSourceType": stream.audio_source,
            "videoState": stream.video_state,
            "audioState": stream.audio_state,
        }
        for stream in user.streams.values()
    ]


def of_room(room: Room) -> dict[str, Any]:
    """Return the people present, the room's properties, and the sequence number of the last event."""
    users = [
        {
            "userUuid": user.uuid,
            "userName": user.name,
            "role": user.role,
            "userProperties": user.properties,
            "streams": streams(user),
        }
        for user in room.online()
    ]
    return {
        "seq": room.logs[ROOM_STREAM].last,
        "users": users,
        "roomProperties": classes.describe(room)["roomProperties"],
        "roomInfo": {"roomUuid": room.uuid, "roomName": room.name},
    }
