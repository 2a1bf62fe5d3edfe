"""Raised hands, invitations to the stage, and the stage.

A hand belongs to the caller: a student calls ``waveArm`` with the teacher in ``toUserUuid``. A server has no
hand, so a server acts on the user in ``payload.userUuid`` or ``toUserUuid``.
"""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import as_integer, identifier
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import Room, stage
from classroom_admin.simulator.world.model import User

WAVE_ARM, HANDS_UP = "waveArm", "handsUp"


def _process(call: Call) -> str:
    process = call.params["process"]
    if process not in (WAVE_ARM, HANDS_UP):
        raise bad_parameter("process", "must be waveArm or handsUp")
    return process


def _target(call: Call, room: Room) -> User | None:
    """Return the user in ``toUserUuid``, or None if there is none."""
    if "toUserUuid" not in call.fields:
        return None
    return call.world.user(room, call.fields.id("toUserUuid"))


def _waver(call: Call, room: Room, payload: dict[str, Any]) -> User:
    """Return the user who raises a hand.

    It is the caller. If a server calls, it is the user in the request.
    """
    if call.uid in room.users:
        return room.users[call.uid]
    if "userUuid" in payload:
        return call.world.user(room, identifier("payload.userUuid", payload["userUuid"]))
    return _target(call, room) or call.world.user(room, call.uid)


def _caller_or_target(call: Call, room: Room) -> User:
    return _target(call, room) or call.world.user(room, call.uid)


def _invites(call: Call) -> bool:
    """Return whether the call is about an invitation. With the dialect ``sdk``, ``handsUp`` means that."""
    return _process(call) == HANDS_UP and call.world.dialect == "sdk"


@router.add("POST", "/v2/rooms/{room}/processes/{process}/progress", "raise_hand", region="optional")
def raise_hand(call: Call) -> None:
    """Raise a hand (event 1502), or invite a user onto the stage if `_invites` returns True.

    If ``timeout`` is given, lower the hand after this many seconds.
    """
    invites = _invites(call)
    timeout = call.fields.integer("timeout", low=-1, high=86_400)
    payload = call.fields.object("payload")
    room = call.room()
    if invites:
        user = _caller_or_target(call, room)
        stage.invite(call.world, room, user, payload=payload, operator=call.uid)
    else:
        user = _waver(call, room, payload or {})
        stage.wave(call.world, room, user, payload=payload, timeout_s=timeout)


@router.add("DELETE", "/v2/rooms/{room}/processes/{process}/progress", "lower_hand", region="optional")
def lower_hand(call: Call) -> None:
    """Lower a hand, or withdraw an invitation if `_invites` returns True.

    The user is the caller or ``toUserUuid``. If a server names no user, lower all hands.
    """
    invites = _invites(call)
    room = call.room()
    if invites:
        stage.withdraw_invitation(call.world, room, _caller_or_target(call, room), operator=call.uid)
    elif call.uid not in room.hands and "toUserUuid" not in call.fields and call.uid not in room.users:
        stage.lower_all(call.world, room)
    else:
        named = _target(call, room)
        user = room.users[call.uid] if call.uid in room.hands or named is None else named
        stage.lower(call.world, room, user)


@router.add("PUT", "/v2/rooms/{room}/processes/handsUp/{state}", "allow_hands", region="optional")
def allow_hands(call: Call) -> None:
    """Open hand-raising if ``state`` is 1. If it is 0, close it."""
    state = as_integer(call.params["state"])
    if state not in (0, 1):
        raise bad_parameter("state", "must be 0 or 1")
    role = call.fields.raw("defaultAcceptRole")
    if role is not None and not isinstance(role, str | int):
        raise bad_parameter("defaultAcceptRole", "must be a role")
    stage.allow_hands(call.world, call.room(), state, accept_role=role, operator=call.uid)


@router.add("POST", "/v2/rooms/{room}/handup/{user}", "raise_hand_to", region="optional")
def raise_hand_to(call: Call) -> None:
    """Raise the caller's hand. ``user`` is the teacher. The body's ``payload`` is ignored."""
    room = call.room()
    stage.wave(call.world, room, call.world.user(room, call.uid), payload=None)


@router.add("POST", "/v2/rooms/{room}/processes/handsUp/acceptance", "stage_on", region="optional")
def stage_on(call: Call) -> None:
    """Move ``toUserUuid`` onto the stage (event 1501). If it is missing, the caller accepts an invitation."""
    room = call.room()
    stage.go_on(call.world, room, _caller_or_target(call, room))


@router.add("DELETE", "/v2/rooms/{room}/processes/handsUp/acceptance", "stage_off", region="optional")
def stage_off(call: Call) -> None:
    """Take ``toUserUuid`` off the stage. If it is missing, take the caller off the stage."""
    room = call.room()
    stage.go_off(call.world, room, _caller_or_target(call, room))


@router.add("POST", "/v2/rooms/{room}/processes/handsUp/acceptance/all", "stage_clear", region="optional")
@router.add(
    "DELETE", "/v2/rooms/{room}/processes/handsUp/acceptance/all", "stage_clear_all", region="optional"
)
def stage_clear(call: Call) -> None:
    stage.clear(call.world, call.room())
