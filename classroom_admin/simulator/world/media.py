"""Media streams of cameras, microphones and shared screens."""

from typing import Any

from classroom_admin.simulator.world.model import Room, Stream, User
from classroom_admin.simulator.world.world import World

ADDED, UPDATED, DELETED = 0, 1, 2
_SDK_ACTION = {ADDED: 1, UPDATED: 2, DELETED: 3}


def put(
    world: World,
    room: Room,
    user: User,
    stream_uuid: str,
    changes: dict[str, int],
    *,
    operator: str | None = None,
) -> Stream:
    """Add or change a stream.

    ``changes`` may have ``video_source``, ``audio_source``, ``video_state`` and ``audio_state``.
    """
    stream = user.streams.get(stream_uuid)
    action = UPDATED
    if stream is None:
        stream = user.streams[stream_uuid] = Stream(stream_uuid, user.name)
        action = ADDED
    for name, value in allowed(world, room, stream_uuid, changes).items():
        setattr(stream, name, value)
    _emit(world, room, user, stream, action, operator)
    return stream


def delete(world: World, room: Room, user: User, stream_uuid: str, *, operator: str | None = None) -> None:
    """Stop a stream. If it is unknown, do nothing."""
    stream = user.streams.pop(stream_uuid, None)
    if stream is not None:
        _emit(world, room, user, stream, DELETED, operator)


def put_many(
    world: World, room: Room, changes: list[tuple[User, str, dict[str, int]]], *, operator: str | None
) -> None:
    """Change several streams and emit one event 41, as when a teacher mutes the class."""
    rows = []
    for user, stream_uuid, values in changes:
        action = UPDATED if stream_uuid in user.streams else ADDED
        stream = user.streams.setdefault(stream_uuid, Stream(stream_uuid, user.name))
        for name, value in allowed(world, room, stream_uuid, values).items():
            setattr(stream, name, value)
        rows.append(_row(world, room, user, stream, action))
    world.emit(room, 41, {"streams": rows, "operator": world.operator(room, operator)})


def _emit(world: World, room: Room, user: User, stream: Stream, action: int, operator: str | None) -> None:
    data = _row(world, room, user, stream, action)
    if operator is not None or not room.shapes.chance(0.3):
        data["operator"] = world.operator(room, operator or user.uuid)
    world.emit(room, 40, data)


def _row(world: World, room: Room, user: User, stream: Stream, action: int) -> dict[str, Any]:
    number = room.shapes.number
    row = {
        "fromUser": world.person(room, user),
        "streamUuid": stream.uuid,
        "streamName": stream.name,
        "videoSourceType": stream.video_source,
        "audioSourceType": stream.audio_source,
        **_states(world, room, stream, action),
        "action": number(_SDK_ACTION[action] if world.dialect == "sdk" else action),
        "updateTime": world.now,
    }
    return row | device_states(world, stream)


def _states(world: World, room: Room, stream: Stream, action: int) -> dict[str, Any]:
    """Return event fields that say whether video and audio are published.

    If the stream ends, these fields exist only with the dialect ``sdk``.
    """
    if action == DELETED and world.dialect != "sdk":
        return {}
    number = room.shapes.number
    return {"videoState": number(stream.video_state), "audioState": number(stream.audio_state)}


def rows(world: World, user: User) -> list[dict[str, Any]]:
    """Return a user's streams as the snapshot of a room has them."""
    return [
        {
            "streamUuid": stream.uuid,
            "streamName": stream.name,
            "videoSourceType": stream.video_source,
            "audioSourceType": stream.audio_source,
            "videoState": stream.video_state,
            "audioState": stream.audio_state,
        }
        | device_states(world, stream)
        for stream in user.streams.values()
    ]


def device_states(world: World, stream: Stream) -> dict[str, Any]:
    """Return event fields that say whether camera and microphone are on.

    Only the dialect ``sdk`` has them.
    """
    if world.dialect != "sdk":
        return {}
    return {"videoSourceState": stream.video_device, "audioSourceState": stream.audio_device}


def allowed(world: World, room: Room, stream_uuid: str, changes: dict[str, int]) -> dict[str, int]:
    """Return the changes, with 0 for each that a kicking rule forbids for this stream."""
    taken = {
        right
        for rule in world.kicking_rules.values()
        if rule.channel == room.uuid and rule.uid == stream_uuid and rule.until_ms > world.now
        for right in rule.privileges
    }
    refused = {name for name, right in _RIGHTS.items() if right in taken}
    return {name: 0 if name in refused else value for name, value in changes.items()}


_RIGHTS = {"video_state": "publish_video", "audio_state": "publish_audio"}
