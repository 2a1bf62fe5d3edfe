"""Emit changes of properties. How an event describes a change depends on the dialect of the cloud.

``2021`` and ``2023`` use event 4 or 22 with nested objects and an ``action``, 0 (update) or 1 (delete).
``sdk`` uses event 5 or 23 with dotted paths. There, the value "deleted" deletes a property, and ``action`` is
missing or is 1 (update) or 2 (delete).
"""

from collections.abc import Mapping
from typing import Any

from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World

UPDATE, DELETE = 0, 1
SDK_UPDATE, SDK_DELETE = 1, 2
DELETED = "deleted"
ROOM_PROPERTY, ROOM_PROPERTIES, USER_PROPERTY, USER_PROPERTIES = 4, 5, 22, 23


def room_changed(
    world: World,
    room: Room,
    changes: Mapping[str, Any],
    *,
    cause: Any = None,
    operator: str | None,
    deleted: bool = False,
    several: bool = False,
    depth: int = 1,
) -> None:
    """Emit an event about changed properties of a room.

    ``depth`` is the number of levels that the dialect ``sdk`` joins with dots. If ``several`` is True, emit
    event 5 with every dialect.
    """
    data = _data(world, room, changes, cause, operator, deleted, depth)
    cmd = ROOM_PROPERTIES if several or world.dialect == "sdk" else ROOM_PROPERTY
    world.emit(room, cmd, data)


def user_changed(
    world: World,
    room: Room,
    user: User,
    changes: Mapping[str, Any],
    *,
    cause: Any = None,
    operator: str | None,
    deleted: bool = False,
    depth: int = 1,
) -> None:
    """Emit an event about changed properties of a user."""
    data = _data(world, room, changes, cause, operator, deleted, depth)
    cmd = USER_PROPERTIES if world.dialect == "sdk" else USER_PROPERTY
    world.emit(room, cmd, {"fromUser": world.person(room, user), **data})


def users_changed(
    world: World, room: Room, users: list[User], changes: Mapping[str, Any], *, operator: str | None
) -> None:
    """Emit event 23 about changed properties of several users.

    With the dialect ``2023``, there is one event for each user.
    """
    if world.dialect == "sdk":
        by = world.operator(room, operator)
        rows = [
            {
                "fromUser": world.person(room, user),
                "changeProperties": dict(changes),
                "cause": {},
                "operator": by,
            }
            for user in users
        ]
        beside: dict[str, Any] = {"batch": {"id": world.now, "total": 1, "progress": 1}, "list": rows}
        world.emit(room, USER_PROPERTIES, {}, beside=beside)
    elif world.dialect == "2023":
        for user in users:
            data = {
                "changeProperties": dict(changes),
                "cause": {},
                "operator": world.operator(room, operator),
            }
            world.emit(room, USER_PROPERTIES, {"fromUser": world.person(room, user), **data})
    else:
        each: dict[str, Any] = {"action": UPDATE, "changeProperties": dict(changes)}
        listed = [{"fromUser": world.person(room, user), **each} for user in users]
        by = world.operator(room, operator)
        world.emit(room, USER_PROPERTIES, {"users": listed, "cause": {}, "operator": by})


def _data(
    world: World,
    room: Room,
    changes: Mapping[str, Any],
    cause: Any,
    operator: str | None,
    deleted: bool,
    depth: int,
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if world.dialect == "sdk":
        if room.shapes.chance(0.3):
            data["action"] = SDK_DELETE if deleted else SDK_UPDATE
        data["changeProperties"] = dotted(changes, depth, deleted=deleted)
    else:
        data["action"] = room.shapes.number(DELETE if deleted else UPDATE)
        data["changeProperties"] = dict(changes)
    return data | {
        "cause": cause if cause is not None else {},
        "operator": world.operator(room, operator),
    }


def dotted(changes: Mapping[str, Any], depth: int, *, deleted: bool = False) -> dict[str, Any]:
    """Return changes with dotted keys instead of nested objects, up to ``depth`` levels."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if depth > 1 and isinstance(value, Mapping) and value:
            inner = dotted(value, depth - 1, deleted=deleted)
            found |= {f"{name}.{rest}": deepest for rest, deepest in inner.items()}
        else:
            found[name] = DELETED if deleted else value
    return found


def merge(properties: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Apply changes with dotted keys to properties. Values are replaced, not merged."""
    for path, value in changes.items():
        *parents, leaf = [part for part in path.split(".") if part] or [path]
        node = properties
        for parent in parents:
            inner = node.get(parent)
            if not isinstance(inner, dict):
                inner = node[parent] = {}
            node = inner
        if value == DELETED:
            node.pop(leaf, None)
        else:
            node[leaf] = value
