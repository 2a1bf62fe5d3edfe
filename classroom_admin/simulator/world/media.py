"""Media streams of cameras, microphones and shared screens."""

from typing import Any

from classroom_admin.simulator.world.model import Room, Stream, User
from classroom_admin.simulator.world.world import World

ADDED, UPDATED, DELETED = 0, 1, 2


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

    ``changes`` may contain ``video_source``, ``audio_source``, ``video_state`` and ``audio_state``.
    """
    stream = user.streams.get(stream_uuid)
    action = UPDATED
    if stream is None:
        stream = user.streams[stream_uuid] = Stream(stream_uuid, user.name)
        action = ADDED
    for name, value in changes.items():
        setattr(stream, name, value)
    _emit(world, room, user, stream, action, operator)
    return stream


def delete(world: World, room: Room, user: User, stream_uuid: str, *, operator: str | None = None) -> None:
    """Stop a stream. Ignore unknown streams."""
    stream = user.streams.pop(stream_uuid, None)
    if stream is not None:
        _emit(world, room, user, stream, DELETED, operator)


def put_many(
    world: World, room: Room, changes: list[tuple[User, str, dict[str, int]]], *, operator: str | None
) -> None:
    """Change several streams in one event 41, as when a teacher mutes the class."""
    rows = []
    for user, stream_uuid, values in changes:
        action = UPDATED if stream_uuid in user.streams else ADDED
        stream = user.streams.setdefault(stream_uuid, Stream(stream_uuid, user.name))
        for name, value in values.items():
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
    return {
        "fromUser": world.person(room, user),
        "streamUuid": stream.uuid,
        "streamName": stream.name,
        "videoSourceType": stream.video_source,
        "audioSourceType": stream.audio_source,
        "videoState": number(stream.video_state),
        "audioState": number(stream.audio_state),
        "action": number(action),
        "updateTime": world.now,
    }
