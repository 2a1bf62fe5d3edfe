"""Raised hands, invitations to the stage, the stage and rewards."""

from collections.abc import Iterable, Sequence
from typing import Any

from classroom_admin.simulator.errors import (
    already_invited,
    conflict,
    hand_conflict,
    not_on_stage,
    stage_full,
)
from classroom_admin.simulator.world.changes import room_changed
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
    """Raise a user's hand. If ``timeout_s`` is given, lower it after this many seconds.

    Raise CloudError 409 30409460 if the hand is already raised, and 409 20409000 if hand-raising is closed.
    """
    if world.present(user).uuid in room.hands:
        raise hand_conflict("the hand is already raised")
    if not room.takes_hands:
        raise conflict("hand-raising is closed")
    room.hands[user.uuid] = payload or {}
    _hands_changed(world, room, added=[user.uuid])
    if timeout_s is not None and timeout_s > 0:
        room.timers[f"hand:{user.uuid}"] = world.after(
            timeout_s * 1000, lambda: _lower(world, room, user.uuid)
        )


def lower(world: World, room: Room, user: User) -> None:
    """Lower a user's hand. Raise CloudError 409 30409460 if the hand is not raised."""
    if user.uuid not in room.hands:
        raise hand_conflict("no hand is raised")
    _lower(world, room, user.uuid)


def lower_all(world: World, room: Room) -> None:
    """Lower all raised hands. Emit one event."""
    if room.hands:
        _hands_changed(world, room, removed=list(room.hands))


def allow_hands(
    world: World, room: Room, allowed: int, *, accept_role: Any = None, operator: str | None
) -> None:
    """Allow raising hands if ``allowed`` is 1. If it is 0, forbid it and lower all hands."""
    changes: dict[str, Any] = {"enabled": allowed}
    if accept_role is not None:
        changes["defaultAcceptRole"] = accept_role
    room.processes = {**room.processes, "handsUp": {**(room.processes.get("handsUp") or {}), **changes}}
    room_changed(world, room, {"processes": {"handsUp": changes}}, operator=operator, depth=3)
    if not allowed:
        lower_all(world, room)


def invite(
    world: World, room: Room, user: User, *, payload: dict[str, Any] | None, operator: str | None
) -> None:
    """Invite a user onto the stage. Raise CloudError 409 30409601 if the user has an invitation."""
    if world.present(user).uuid in room.invitations:
        raise already_invited()
    room.invitations[user.uuid] = payload or {}
    _invitations_changed(world, room, operator)


def withdraw_invitation(world: World, room: Room, user: User, *, operator: str | None) -> None:
    """End a user's invitation. If the user has none, do nothing."""
    if room.invitations.pop(user.uuid, None) is not None:
        _invitations_changed(world, room, operator)


def _invitations_changed(world: World, room: Room, operator: str | None) -> None:
    """Emit the invited users as a room property. No other event reports invitations."""
    rows = _listed(room.invitations, room.invitations)
    changes = {"processes": {"handsUp": {"progress": rows}}}
    room_changed(world, room, changes, operator=operator, depth=3)


def _listed(uuids: Iterable[str], payloads: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"userUuid": uuid, "payload": payloads.get(uuid, {})} for uuid in uuids]


def _lower(world: World, room: Room, uuid: str) -> None:
    if room.destroyed_ms is None and uuid in room.hands:
        _hands_changed(world, room, removed=[uuid])


def _hands_changed(
    world: World, room: Room, *, added: Iterable[str] = (), removed: Sequence[str] = ()
) -> None:
    gone = _listed(removed, room.hands)
    for uuid in removed:
        room.cancel(f"hand:{uuid}")
        room.hands.pop(uuid, None)
    if _by_property(world, room, "waveArm", {"progress": _listed(room.hands, room.hands)}):
        return
    data: dict[str, Any] = {}
    room.shapes.put_array(data, "progressUsers", _listed(room.hands, room.hands))
    room.shapes.put_array(data, "addProgressUsers", _listed(added, room.hands))
    room.shapes.put_array(data, "removeProgressUsers", gone)
    world.emit(room, 1502, data)


def _by_property(world: World, room: Room, process: str, changes: dict[str, Any]) -> bool:
    """Emit a change of the stage or of hands as a room property. Only the dialect ``sdk`` does this.

    Return whether to omit event 1501 or 1502. Some releases emit both.
    """
    if world.dialect != "sdk":
        return False
    cause = {"cmd": 501, "data": {"processUuid": process}}
    room_changed(world, room, {"processes": {process: changes}}, cause=cause, operator=None, depth=3)
    return not room.shapes.chance(0.3)


def go_on(world: World, room: Room, user: User) -> None:
    """Move a user onto the stage and lower their hand.

    Raise CloudError 409 20409000 if the user is already there, and 429 30429461 if the stage is full.
    """
    if world.present(user).uuid in room.stage:
        raise conflict("the user is already on the stage")
    most = (room.processes.get("handsUp") or {}).get("maxAccept")
    if most is not None and len(room.stage) >= most:
        raise stage_full()
    room.stage[user.uuid] = None
    _stage_changed(world, room, added=[user.uuid], removed=[])
    _lower(world, room, user.uuid)
    withdraw_invitation(world, room, user, operator=user.uuid)


def go_off(world: World, room: Room, user: User) -> None:
    """Take a user off the stage. Raise CloudError 404 30404462 if the user is not on it."""
    if user.uuid not in room.stage:
        raise not_on_stage()
    del room.stage[user.uuid]
    _stage_changed(world, room, added=[], removed=[user.uuid])


def clear(world: World, room: Room) -> None:
    removed = list(room.stage)
    room.stage.clear()
    if removed:
        _stage_changed(world, room, added=[], removed=removed)


def clear_people(world: World, room: Room, uuids: list[str]) -> None:
    """Take users who left the room off the stage, lower their hands and end their invitations."""
    for uuid in uuids:
        room.invitations.pop(uuid, None)
    staged = [uuid for uuid in uuids if uuid in room.stage]
    for uuid in staged:
        del room.stage[uuid]
    if staged:
        _stage_changed(world, room, added=[], removed=staged)
    raised = [uuid for uuid in uuids if uuid in room.hands]
    if raised:
        _hands_changed(world, room, removed=raised)


def _stage_changed(world: World, room: Room, *, added: list[str], removed: list[str]) -> None:
    accepted = [{"userUuid": uuid} for uuid in room.stage]
    if _by_property(world, room, "handsUp", {"accepted": accepted}):
        return
    data: dict[str, Any] = {}
    room.shapes.put_array(data, "acceptedUsers", [{"userUuid": uuid} for uuid in room.stage])
    room.shapes.put_array(data, "addAcceptedUsers", [{"userUuid": uuid} for uuid in added])
    room.shapes.put_array(data, "removeAcceptedUsers", [{"userUuid": uuid} for uuid in removed])
    world.emit(room, 1501, data)


def reward(world: World, room: Room, changes: list[tuple[User, int]]) -> None:
    """Give each user a number of rewards. A negative number takes rewards away, but no total is below 0."""
    details = []
    for user, change in changes:
        user.rewards = max(0, user.rewards + change)
        total = room.shapes.either("total", "totalReward")
        detail = {"userUuid": user.uuid, "changedReward": change, total: room.shapes.number(user.rewards)}
        details.append(detail)
    world.emit(room, 1101, {"rewardDetails": details, "updateTime": room.shapes.number(world.now)})


def processes_of(room: Room) -> dict[str, Any]:
    """Return the room property ``processes``. It has raised hands, invitations and people on the stage."""
    hands_up = {
        **(room.processes.get("handsUp") or {}),
        "progress": _listed(room.invitations, room.invitations),
        "accepted": [{"userUuid": uuid} for uuid in room.stage],
    }
    wave_arm = {**(room.processes.get("waveArm") or {}), "progress": _listed(room.hands, room.hands)}
    return {**room.processes, "handsUp": hands_up, "waveArm": wave_arm}
