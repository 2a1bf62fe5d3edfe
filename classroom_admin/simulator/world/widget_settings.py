"""Widgets of a class: whiteboard, chat, timer. Each has a state, extra data, and data of its users."""

from collections.abc import Mapping
from typing import Any

from classroom_admin.simulator.errors import CloudError, conflict
from classroom_admin.simulator.world.changes import room_changed, user_changed
from classroom_admin.simulator.world.model import STREAMS, Countdown, Room, User
from classroom_admin.simulator.world.world import World

WIDGET = 1110
SET, DELETE = 1, 2
COUNTDOWN = "countdownTimer"
RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"


def no_such_widget() -> CloudError:
    return CloudError(404, 404, "no such widget")


def log_name(widget: str) -> str:
    """Return the name of the stream with the events of a widget."""
    return widget if widget in STREAMS[1:] else f"widget:{widget}"


def put(
    world: World,
    room: Room,
    widget: str,
    *,
    state: int | None = None,
    extra: Mapping[str, Any] | None = None,
    owner: str | None = None,
    cause: Any = None,
    operator: str | None,
) -> None:
    """Set the state, the extra data or the owner of a widget."""
    changes: dict[str, Any] = {}
    if state is not None:
        changes["state"] = state
    if extra:
        changes["extra"] = dict(extra)
    if owner is not None:
        changes["ownerUserUuid"] = owner
    known = dict(room.widgets.get(widget) or {})
    merged = {**known, **changes}
    if extra:
        merged["extra"] = {**(known.get("extra") or {}), **extra}
    room.widgets[widget] = merged
    _changed(world, room, widget, changes, cause, operator)


def delete(world: World, room: Room, widget: str, *, operator: str | None) -> None:
    """Delete a widget. Raise CloudError 404 if there is no such widget."""
    if room.widgets.pop(widget, None) is None:
        raise no_such_widget()
    _changed(world, room, widget, {}, None, operator, deleted=True)


def delete_extra(
    world: World, room: Room, widget: str, names: list[str], *, cause: Any, operator: str | None
) -> None:
    """Delete some extra data of a widget. Raise CloudError 404 if there is no such widget."""
    known = room.widgets.get(widget)
    if known is None:
        raise no_such_widget()
    extra = {name: value for name, value in (known.get("extra") or {}).items() if name not in names}
    room.widgets[widget] = {**known, "extra": extra}
    _changed(world, room, widget, {"extra": dict.fromkeys(names)}, cause, operator, deleted=True)


def put_user(
    world: World, room: Room, widget: str, user: User, changes: dict[str, Any], *, operator: str | None
) -> None:
    """Set a user's data in a widget."""
    kept = user.properties.setdefault("widgets", {}).setdefault(widget, {})
    kept.update(changes)
    change = {"widgets": {widget: changes}}
    user_changed(world, room, user, change, operator=operator, depth=3)


def delete_user(
    world: World, room: Room, widget: str, user: User, names: list[str], *, operator: str | None
) -> None:
    """Delete a user's data in a widget. If there are no names, delete all of it."""
    kept = user.properties.get("widgets", {}).get(widget, {})
    gone = {name: kept.pop(name, None) for name in names or list(kept)}
    change = {"widgets": {widget: gone}}
    user_changed(world, room, user, change, operator=operator, deleted=True, depth=3)


def _changed(
    world: World,
    room: Room,
    widget: str,
    changes: dict[str, Any],
    cause: Any,
    operator: str | None,
    *,
    deleted: bool = False,
) -> None:
    """Emit a change in the stream of the room and in the stream of the widget."""
    own = {
        "action": DELETE if deleted else SET,
        "widgetUuid": widget,
        "changeProperties": changes,
        "cause": cause if cause is not None else {},
        "operator": world.operator(room, operator),
    }
    if world.dialect == "2023":
        world.emit(room, WIDGET, dict(own))
    elif world.dialect == "sdk":
        sdk_cause = {"cmd": 10, "data": {"actionType": DELETE if deleted else SET, "widgetUuid": widget}}
        shown = {"widgets": {widget: changes}} if changes else {"widgets": {widget: None}}
        depth = 4 if "extra" in changes else 3 if changes else 2
        room_changed(world, room, shown, cause=sdk_cause, operator=operator, deleted=deleted, depth=depth)
    else:
        shown = {"widgets": {widget: changes}}
        room_changed(world, room, shown, cause=cause, operator=operator, deleted=deleted)
    if widget not in STREAMS[1:]:
        world.emit(room, WIDGET, own, stream=log_name(widget), widget=widget)


def start_countdown(world: World, room: Room, *, seconds: int, operator: str | None) -> Countdown:
    """Start a countdown. Raise CloudError 409 20409000 if one is running or paused."""
    if any(known.state != STOPPED for known in room.countdowns.values()):
        raise conflict("another countdown is running")
    countdown = Countdown(room.shapes.hex(), seconds, world.now, seconds * 1000)
    room.countdowns[countdown.uuid] = countdown
    _tell_countdown(world, room, countdown, operator)
    return countdown


def change_countdown(world: World, room: Room, uuid: str, action: str, *, operator: str | None) -> Countdown:
    """Pause, continue or stop a countdown.

    Raise CloudError 404 if there is no countdown, and 409 if its state does not allow this.
    """
    countdown = room.countdowns.get(uuid)
    if countdown is None:
        raise CloudError(404, 404, "no such countdown")
    wanted, possible = {"pause": (PAUSED, (RUNNING,)), "continue": (RUNNING, (PAUSED,))}.get(
        action, (STOPPED, (RUNNING, PAUSED))
    )
    if countdown.state not in possible:
        raise conflict(f"the countdown is {countdown.state}")
    if countdown.state == RUNNING:
        countdown.left_ms = max(0, countdown.left_ms - (world.now - countdown.since_ms))
    countdown.state, countdown.since_ms = wanted, world.now
    _tell_countdown(world, room, countdown, operator)
    return countdown


def _tell_countdown(world: World, room: Room, countdown: Countdown, operator: str | None) -> None:
    extra = {
        "countdownTimerId": countdown.uuid,
        "state": {RUNNING: 1, PAUSED: 2, STOPPED: 0}[countdown.state],
        "startTime": countdown.since_ms,
        "duration": -(-countdown.left_ms // 1000),
        "totalDuration": countdown.duration_s,
    }
    on = int(countdown.state != STOPPED)
    put(world, room, COUNTDOWN, state=on, extra=extra, operator=operator)
