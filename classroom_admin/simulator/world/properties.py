"""Custom properties of rooms, users and extApps."""

from typing import Any

from classroom_admin.simulator.world.changes import (
    merge,
    room_changed,
    user_changed,
    users_changed,
)
from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World


def put_room(
    world: World,
    room: Room,
    changes: dict[str, Any],
    *,
    cause: Any = None,
    operator: str | None,
    batch: bool = False,
) -> None:
    """Set room properties. Emit event 4, or event 5 if ``batch`` is True.

    If there are several changes, sometimes emit event 5 anyway.
    """
    _put(world, room.properties, changes)
    several = batch or (len(changes) > 1 and room.shapes.chance(0.5))
    room_changed(world, room, changes, cause=cause, operator=operator, several=several)


def _put(world: World, properties: dict[str, Any], changes: dict[str, Any]) -> None:
    if world.dialect == "sdk":
        merge(properties, changes)
    else:
        properties.update(changes)


def _take(world: World, properties: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Delete properties. Return them as the event about this has them."""
    if world.dialect == "sdk":
        merge(properties, dict.fromkeys(names, "deleted"))
        return dict.fromkeys(names, "deleted")
    return {name: properties.pop(name, None) for name in names}


def delete_room(
    world: World, room: Room, names: list[str], *, cause: Any = None, operator: str | None
) -> None:
    gone = _take(world, room.properties, names)
    room_changed(world, room, gone, cause=cause, operator=operator, deleted=True)


def put_user(
    world: World, room: Room, user: User, changes: dict[str, Any], *, cause: Any = None, operator: str | None
) -> None:
    _put(world, user.properties, changes)
    _follow_mute(user)
    user.updated_ms = world.now
    user_changed(world, room, user, changes, cause=cause, operator=operator)


def _follow_mute(user: User) -> None:
    """Mute or unmute a user in the chat if their property ``mute`` says so."""
    mute = user.properties.get("mute")
    if isinstance(mute, dict) and mute.get("muteChat") in (0, 1):
        user.mute_chat = int(mute["muteChat"])


def put_users(
    world: World, room: Room, users: list[User], changes: dict[str, Any], *, operator: str | None
) -> None:
    """Set properties of several users."""
    for user in users:
        _put(world, user.properties, changes)
        user.updated_ms = world.now
    users_changed(world, room, users, changes, operator=operator)


def delete_user(
    world: World, room: Room, user: User, names: list[str], *, cause: Any = None, operator: str | None
) -> None:
    gone = _take(world, user.properties, names)
    user.updated_ms = world.now
    user_changed(world, room, user, gone, cause=cause, operator=operator, deleted=True)


def put_ext_app(
    world: World,
    room: Room,
    app: str,
    changes: dict[str, Any],
    *,
    state: int | None,
    cause: Any,
    operator: str | None,
) -> None:
    kept = room.ext_apps.setdefault(app, {})
    kept.update(changes)
    shown: dict[str, Any] = dict(changes)
    if state is not None:
        room.properties.setdefault("extAppsCommon", {})[app] = {"state": state}
        shown["common"] = {"state": state}
    room_changed(world, room, {"extApps": {app: shown}}, cause=cause, operator=operator, depth=3)


def delete_ext_app(
    world: World, room: Room, app: str, names: list[str], *, cause: Any, operator: str | None
) -> None:
    kept = room.ext_apps.get(app, {})
    gone = {name: kept.pop(name, None) for name in names}
    change = {"extApps": {app: gone}}
    room_changed(world, room, change, cause=cause, operator=operator, deleted=True, depth=3)
