"""Custom properties of rooms, users and extApps, and breakout rooms."""

from typing import Any

from classroom_admin.simulator.errors import conflict
from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

UPDATE, DELETE = 0, 1


def put_room(
    world: World,
    room: Room,
    changes: dict[str, Any],
    *,
    cause: Any = None,
    operator: str | None,
    batch: bool = False,
) -> None:
    """Set room properties. Emit event 4, or event 5 with ``batch`` or sometimes for several changes."""
    room.properties.update(changes)
    cmd = 5 if batch or (len(changes) > 1 and room.shapes.chance(0.5)) else 4
    world.emit(room, cmd, _changed(world, room, UPDATE, changes, cause, operator))


def delete_room(
    world: World, room: Room, names: list[str], *, cause: Any = None, operator: str | None
) -> None:
    gone = {name: room.properties.pop(name, None) for name in names}
    world.emit(room, 4, _changed(world, room, DELETE, gone, cause, operator))


def put_user(
    world: World, room: Room, user: User, changes: dict[str, Any], *, cause: Any = None, operator: str | None
) -> None:
    user.properties.update(changes)
    user.updated_ms = world.now
    data = _changed(world, room, UPDATE, changes, cause, operator)
    world.emit(room, 22, {"fromUser": world.person(room, user), **data})


def put_users(
    world: World, room: Room, users: list[User], changes: dict[str, Any], *, operator: str | None
) -> None:
    """Set properties of several users. Emit one event 23 with data as in an event 22 for each user."""
    rows = []
    for user in users:
        user.properties.update(changes)
        user.updated_ms = world.now
        rows.append(
            {"fromUser": world.person(room, user), "action": UPDATE, "changeProperties": dict(changes)}
        )
    world.emit(room, 23, {"users": rows, "cause": {}, "operator": world.operator(room, operator)})


def delete_user(
    world: World, room: Room, user: User, names: list[str], *, cause: Any = None, operator: str | None
) -> None:
    gone = {name: user.properties.pop(name, None) for name in names}
    user.updated_ms = world.now
    data = _changed(world, room, DELETE, gone, cause, operator)
    world.emit(room, 22, {"fromUser": world.person(room, user), **data})


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
    world.emit(room, 4, _changed(world, room, UPDATE, {"extApps": {app: shown}}, cause, operator))


def delete_ext_app(
    world: World, room: Room, app: str, names: list[str], *, cause: Any, operator: str | None
) -> None:
    kept = room.ext_apps.get(app, {})
    gone = {name: kept.pop(name, None) for name in names}
    world.emit(room, 4, _changed(world, room, DELETE, {"extApps": {app: gone}}, cause, operator))


def set_groups(
    world: World, room: Room, groups: list[dict[str, Any]], *, start: bool, operator: str | None
) -> dict[str, dict[str, Any]]:
    """Open breakout rooms, each ``{groupUuid?, groupName, users}``. Return all open breakout rooms.

    With ``start`` false, end the breakout rooms in ``groups`` or, if ``groups`` is empty, all of them. A user
    who is assigned to a breakout room leaves the previous room. Raise CloudError 409 if there is no breakout
    room to end.
    """
    if not start and not room.groups:
        raise conflict("there are no groups")
    if start:
        moved = [user["userUuid"] for group in groups for user in group["users"]]
        for uuid, kept in room.groups.items():
            stay = [user for user in kept["users"] if user["userUuid"] not in moved]
            room.groups[uuid] = {**kept, "users": stay}
        for group in groups:
            uuid = group.get("groupUuid") or room.shapes.hex(16)
            room.groups[uuid] = {"groupName": group["groupName"], "users": group["users"]}
    elif named := [group["groupUuid"] for group in groups if group.get("groupUuid")]:
        for uuid in named:
            room.groups.pop(uuid, None)
    else:
        room.groups = {}
    _groups_changed(world, room, UPDATE, operator)
    return room.groups


def delete_groups(world: World, room: Room, uuids: list[str], *, operator: str | None) -> None:
    for uuid in uuids or list(room.groups):
        room.groups.pop(uuid, None)
    _groups_changed(world, room, UPDATE, operator)


def _groups_changed(world: World, room: Room, action: int, operator: str | None) -> None:
    change = {"groups": {"state": int(bool(room.groups)), "details": dict(room.groups)}}
    world.emit(room, 4, _changed(world, room, action, change, {"cmd": 1601}, operator))


def _changed(
    world: World, room: Room, action: int, changes: dict[str, Any], cause: Any, operator: str | None
) -> dict[str, Any]:
    return {
        "action": room.shapes.number(action),
        "changeProperties": changes,
        "cause": cause if cause is not None else {},
        "operator": world.operator(room, operator),
    }
