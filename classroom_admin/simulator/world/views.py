"""The shared screen, the carousel of cameras and the expanded view, which everybody in a class sees."""

from typing import Any

from classroom_admin.simulator.errors import screen_not_shared
from classroom_admin.simulator.world import media
from classroom_admin.simulator.world.changes import room_changed
from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

SCREEN = 2


def share_screen(world: World, room: Room, user: User, *, operator: str | None) -> str:
    """Let a user share their screen. Return the id of the stream. Another shared screen stops."""
    world.present(user)
    if room.screen["state"] and room.screen["userUuid"] != user.uuid:
        stop_screen(world, room, room.users[room.screen["userUuid"]], operator=operator)
    stream_uuid = _screen_of(user) or str(room.shapes.rng.randrange(10**9, 4 * 10**9))
    states = {"video_source": SCREEN, "audio_source": 0, "video_state": 1, "audio_state": 0}
    media.put(world, room, user, stream_uuid, states, operator=operator)
    room.screen = {"state": 1, "streamUuid": stream_uuid, "userUuid": user.uuid}
    room_changed(world, room, {"screen": dict(room.screen)}, operator=operator, depth=2)
    return stream_uuid


def stop_screen(world: World, room: Room, user: User, *, operator: str | None) -> None:
    """Stop a user's shared screen. Raise CloudError 409 30409103 if the user does not share it."""
    stream_uuid = _screen_of(user)
    shared = room.screen["state"] and room.screen["userUuid"] == user.uuid
    if stream_uuid is None and not shared:
        raise screen_not_shared()
    if stream_uuid is not None:
        media.delete(world, room, user, stream_uuid, operator=operator)
    if shared:
        room.screen = {"state": 0}
        room_changed(world, room, {"screen": dict(room.screen)}, operator=operator, depth=2)


def _screen_of(user: User) -> str | None:
    return next((stream.uuid for stream in user.streams.values() if stream.video_source == SCREEN), None)


def set_carousel(world: World, room: Room, changes: dict[str, Any], *, operator: str | None) -> None:
    """Start or stop the carousel. ``changes`` has its state. If it starts, it also has the settings."""
    room.carousel = {**room.carousel, **changes}
    room_changed(world, room, {"carousel": dict(changes)}, operator=operator, depth=2)


def set_expanded_scope(world: World, room: Room, changes: dict[str, Any], *, operator: str | None) -> None:
    """Show or hide the expanded view. ``changes`` has its state. If it is shown, it also has the users."""
    room.expanded_scope = dict(changes)
    room_changed(world, room, {"expandedScope": dict(changes)}, operator=operator, depth=2)
