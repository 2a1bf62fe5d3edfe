"""Breakout rooms ("groups"): open, change and end them, and move students between them.

With ``World.group_rooms``, each breakout room is also a separate room: its people enter and leave it, and
their events have the id of the breakout room.
"""

from typing import Any

from classroom_admin.simulator.errors import bad_parameter, conflict, no_such_group
from classroom_admin.simulator.world import people
from classroom_admin.simulator.world.changes import room_changed
from classroom_admin.simulator.world.model import Role, Room
from classroom_admin.simulator.world.world import World

MOST_GROUPS = 20
MOST_PEOPLE = 17
Group = dict[str, Any]


def open_groups(world: World, room: Room, groups: list[Group], *, operator: str | None) -> dict[str, Group]:
    """Open breakout rooms. Return all open breakout rooms.

    Each of them is ``{groupUuid?, groupName, users}``. A user leaves their previous breakout room. Raise
    CloudError 400 if there would be more than ``MOST_GROUPS`` rooms, or more than ``MOST_PEOPLE`` people in
    one.
    """
    before = dict(room.groups)
    named = [(group.get("groupUuid") or room.shapes.hex(16), group) for group in groups]
    moved = {user["userUuid"] for group in groups for user in group["users"]}
    after = {uuid: _without(kept, moved) for uuid, kept in room.groups.items()}
    for uuid, group in named:
        after[uuid] = {"groupName": group["groupName"], "users": group["users"]}
    _check_limits(after)
    room.groups = after
    _changed(world, room, before, operator)
    return room.groups


def end_groups(world: World, room: Room, uuids: list[str], *, operator: str | None) -> None:
    """End the named breakout rooms. If there are no names, end all. Raise CloudError 409 if none is open."""
    if not room.groups:
        raise conflict("there are no groups")
    before = dict(room.groups)
    room.groups = {uuid: kept for uuid, kept in room.groups.items() if uuids and uuid not in uuids}
    _changed(world, room, before, operator)


def move_people(
    world: World, room: Room, moves: list[tuple[str, list[str], list[str]]], *, operator: str | None
) -> None:
    """Move people between open breakout rooms. A move is (breakout room, users to add, users to remove).

    Raise CloudError 404 if a breakout room is unknown, and 400 if it would have too many people.
    """
    before, after = dict(room.groups), dict(room.groups)
    for uuid, added, removed in moves:
        _known(after, uuid)
        after = {other: _without(kept, {*added}) for other, kept in after.items()}
        kept = _without(after[uuid], {*removed})
        after[uuid] = {**kept, "users": [*kept["users"], *({"userUuid": user} for user in added)]}
    _check_limits(after)
    room.groups = after
    _changed(world, room, before, operator)


def rename(world: World, room: Room, names: list[tuple[str, str]], *, operator: str | None) -> None:
    """Rename open breakout rooms. Raise CloudError 404 if one is unknown."""
    before, after = dict(room.groups), dict(room.groups)
    for uuid, name in names:
        after[uuid] = {**_known(after, uuid), "groupName": name}
    room.groups = after
    _changed(world, room, before, operator)


def _known(groups: dict[str, Group], uuid: str) -> Group:
    group = groups.get(uuid)
    if group is None:
        raise no_such_group(uuid)
    return group


def _without(group: Group, uuids: set[str]) -> Group:
    return {**group, "users": [user for user in group["users"] if user["userUuid"] not in uuids]}


def _check_limits(groups: dict[str, Group]) -> None:
    if len(groups) > MOST_GROUPS:
        raise bad_parameter("groups", f"must be at most {MOST_GROUPS}")
    if any(len(group["users"]) > MOST_PEOPLE for group in groups.values()):
        raise bad_parameter("groups.users", f"must be at most {MOST_PEOPLE} in a group")


def _changed(world: World, room: Room, before: dict[str, Group], operator: str | None) -> None:
    """Emit an event about a change of breakout rooms.

    With the dialect ``sdk``, it has only the changed breakout rooms, otherwise all.
    """
    state = int(bool(room.groups))
    if world.dialect == "sdk":
        changes: dict[str, Any] = {"groups.state": state}
        changes |= {f"groups.details.{uuid}": "deleted" for uuid in before if uuid not in room.groups}
        changes |= {
            f"groups.details.{uuid}": group
            for uuid, group in room.groups.items()
            if before.get(uuid) != group
        }
        cause = {"cmd": 11, "data": {"actionType": 4, "changeGroups": _moves(before, room.groups)}}
        room_changed(world, room, changes, cause=cause, operator=operator)
    else:
        changes = {"groups": {"state": state, "details": dict(room.groups)}}
        room_changed(world, room, changes, cause={"cmd": 1601}, operator=operator)
    if world.group_rooms:
        _follow(world, room)


def _moves(before: dict[str, Group], after: dict[str, Group]) -> list[dict[str, Any]]:
    rows = []
    for uuid in {**before, **after}:
        old = _people(before.get(uuid))
        new = _people(after.get(uuid))
        if old != new:
            added = [{"userUuid": user} for user in new if user not in old]
            removed = [{"userUuid": user} for user in old if user not in new]
            rows.append({"groupUuid": uuid, "addUsers": added, "removeUsers": removed})
    return rows


def _people(group: Group | None) -> list[str]:
    return [user["userUuid"] for user in group["users"]] if group is not None else []


def _follow(world: World, room: Room) -> None:
    """Open and close the rooms of breakout rooms, and let their people enter and leave."""
    ours = [found for found in world.rooms.values() if found.parent == room.uuid]
    for gone in ours:
        if gone.uuid not in room.groups:
            close_room(world, gone)
    for uuid, group in room.groups.items():
        own = world.rooms.get(uuid)
        if own is None:
            own = Room(
                uuid, group["groupName"], room.type, world.now, world.shapes_for(uuid), parent=room.uuid
            )
            own.state, own.started_ms = room.state, room.started_ms
            world.rooms[uuid] = own
        wanted = _people(group)
        for user in own.online():
            if user.uuid not in wanted:
                people.leave(world, own, user)
        for user_uuid in wanted:
            user_in_class = room.users.get(user_uuid)
            if user_in_class is not None and user_in_class.online:
                people.enter(
                    world, own, uuid=user_uuid, name=user_in_class.name, role=Role(user_in_class.role)
                )


def close_room(world: World, own: Room) -> None:
    """Let everybody leave the room of a breakout room. Destroy the room a minute later."""
    people.remove_everyone(world, own)
    own.timers["destroy"] = world.after(60_000, lambda: world.forget(own))
    own.parent = None


def close_rooms(world: World, room: Room) -> None:
    """Close the rooms of all breakout rooms, because the class closes."""
    for own in [found for found in world.rooms.values() if found.parent == room.uuid]:
        close_room(world, own)
