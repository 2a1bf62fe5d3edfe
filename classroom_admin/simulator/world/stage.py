"""Raised hands, the stage and rewards."""

from collections.abc import Iterable, Sequence
from typing import Any

from classroom_admin.simulator.errors import conflict
from classroom_admin.simulator.world.model import Room, User
from classroom_admin.simulator.world.world import World


def wave(
    world: World,
    room: Room,
    user: User,
    *,
    payload: dict[str, Any] | None = None,
    timeout_s: int | None = None,
) -> None:
    """Raise a user's hand. With ``timeout_s``, lower it again after this many seconds.

    Raise CloudError 409 20409000 if the hand is already raised.
    """
    if world.present(user).uuid in room.hands:
        raise conflict("the hand is already raised")
    room.hands[user.uuid] = payload or {}
    _hands_changed(world, room, added=[user.uuid])
    if timeout_s is not None and timeout_s > 0:
        room.timers[f"hand:{user.uuid}"] = world.after(
            timeout_s * 1000, lambda: _lower(world, room, user.uuid)
        )


def lower(world: World, room: Room, user: User) -> None:
    """Lower a user's hand. Raise CloudError 409 20409000 if the hand is not raised."""
    if user.uuid not in room.hands:
        raise conflict("no hand is raised")
    _lower(world, room, user.uuid)


def _lower(world: World, room: Room, uuid: str) -> None:
    if room.destroyed_ms is None and uuid in room.hands:
        _hands_changed(world, room, removed=[uuid])


def _hands_changed(
    world: World, room: Room, *, added: Iterable[str] = (), removed: Sequence[str] = ()
) -> None:
    def listed(uuids: Iterable[str]) -> list[dict[str, Any]]:
        return [{"userUuid": uuid, "payload": room.hands.get(uuid, {})} for uuid in uuids]

    gone = listed(removed)
    for uuid in removed:
        room.cancel(f"hand:{uuid}")
        room.hands.pop(uuid, None)
    data: dict[str, Any] = {}
    room.shapes.put_array(data, "progressUsers", listed(room.hands))
    room.shapes.put_array(data, "addProgressUsers", listed(added))
    room.shapes.put_array(data, "removeProgressUsers", gone)
    world.emit(room, 1502, data)


def go_on(world: World, room: Room, user: User) -> None:
    """Move a user onto the stage and lower their hand.

    Raise CloudError 409 if the user is already on the stage or the stage is full.
    """
    if world.present(user).uuid in room.stage:
        raise conflict("the user is already on the stage")
    most = (room.processes.get("handsUp") or {}).get("maxAccept")
    if most is not None and len(room.stage) >= most:
        raise conflict("the stage is full")
    room.stage[user.uuid] = None
    _stage_changed(world, room, added=[user.uuid], removed=[])
    _lower(world, room, user.uuid)


def go_off(world: World, room: Room, user: User) -> None:
    if user.uuid not in room.stage:
        raise conflict("the user is not on the stage")
    del room.stage[user.uuid]
    _stage_changed(world, room, added=[], removed=[user.uuid])


def clear(world: World, room: Room) -> None:
    removed = list(room.stage)
    room.stage.clear()
    if removed:
        _stage_changed(world, room, added=[], removed=removed)


def clear_people(world: World, room: Room, uuids: list[str]) -> None:
    """Remove users who left the room from the stage, and lower their hands."""
    staged = [uuid for uuid in uuids if uuid in room.stage]
    for uuid in staged:
        del room.stage[uuid]
    if staged:
        _stage_changed(world, room, added=[], removed=staged)
    raised = [uuid for uuid in uuids if uuid in room.hands]
    if raised:
        _hands_changed(world, room, removed=raised)


def _stage_changed(world: World, room: Room, *, added: list[str], removed: list[str]) -> None:
    data: dict[str, Any] = {}
    room.shapes.put_array(data, "acceptedUsers", [{"userUuid": uuid} for uuid in room.stage])
    room.shapes.put_array(data, "addAcceptedUsers", [{"userUuid": uuid} for uuid in added])
    room.shapes.put_array(data, "removeAcceptedUsers", [{"userUuid": uuid} for uuid in removed])
    world.emit(room, 1501, data)


def reward(world: World, room: Room, changes: list[tuple[User, int]]) -> None:
    """Give each user a number of rewards. A negative number removes rewards, but no total goes below 0."""
    details = []
    for user, change in changes:
        user.rewards = max(0, user.rewards + change)
        total = room.shapes.either("total", "totalReward")
        detail = {"userUuid": user.uuid, "changedReward": change, total: room.shapes.number(user.rewards)}
        details.append(detail)
    world.emit(room, 1101, {"rewardDetails": details, "updateTime": room.shapes.number(world.now)})
