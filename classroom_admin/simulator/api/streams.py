"""Add, change and end media streams, of one user or of many."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import media

_STREAM_FIELDS = {
    "videoState": ("video_state", 1),
    "audioState": ("audio_state", 1),
    "videoSourceType": ("video_source", 2),
    "audioSourceType": ("audio_source", 2),
}


def stream_changes(fields: Fields) -> dict[str, int]:
    changes = {}
    for name, (attribute, highest) in _STREAM_FIELDS.items():
        value = fields.integer(name, low=0, high=highest)
        if value is not None:
            changes[attribute] = value
    return changes


@router.add(
    "PUT", "/v1/rooms/{room}/users/{user}/streams/{stream}", "put_stream", region="optional", scene=True
)
def put_stream(call: Call) -> dict[str, Any]:
    """Add or change a stream (event 40)."""
    changes = stream_changes(call.fields)
    room = call.room()
    user = call.user(room)
    stream = media.put(call.world, room, user, call.params["stream"], changes, operator=call.uid)
    return {"streamUuid": stream.uuid}


@router.add(
    "PATCH", "/v1/rooms/{room}/users/{user}/streams/{stream}", "set_devices", region="optional", scene=True
)
def set_devices(call: Call) -> None:
    """Turn the camera and the microphone on (1) or off (0).

    ``videoSourceState`` is the state of the camera, and ``audioSourceState`` that of the microphone.
    """
    changes = {}
    for name, attribute in (("videoSourceState", "video_device"), ("audioSourceState", "audio_device")):
        value = call.fields.integer(name, low=0, high=1)
        if value is not None:
            changes[attribute] = value
    room = call.room()
    user = call.user(room)
    media.put(call.world, room, user, call.params["stream"], changes, operator=call.uid)


@router.add(
    "DELETE", "/v1/rooms/{room}/users/{user}/streams/{stream}", "delete_stream", region="optional", scene=True
)
def delete_stream(call: Call) -> None:
    room = call.room()
    media.delete(call.world, room, call.user(room), call.params["stream"], operator=call.uid)


@router.add("PUT", "/v1/rooms/{room}/streams", "put_streams", region="optional")
def put_streams(call: Call) -> None:
    """Change the streams of several users (event 41)."""
    rows = [
        (row.id("userUuid"), row.id("streamUuid"), stream_changes(row))
        for row in call.fields.objects("streams", required=True)
    ]
    if not rows:
        raise bad_parameter("streams", "must name at least one stream")
    room = call.room()
    changes = [(call.world.user(room, user), stream, values) for user, stream, values in rows]
    media.put_many(call.world, room, changes, operator=call.uid)
