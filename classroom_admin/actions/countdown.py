"""Commands about the countdown of a class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from classroom_admin.actions import runner
from classroom_admin.actions.classroom_tools import widget_event
from classroom_admin.actions.effects import COUNTDOWN, PAUSED, RUNNING
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import Command, Confirms, valid
from classroom_admin.agora.models import read_int, read_object, read_text
from classroom_admin.agora.widget_calls import LONGEST_COUNTDOWN_S, ChangeCountdown, StartCountdown
from classroom_admin.audit.models import Entry
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Room

_ID_NAMES: Final = ("countdownTimerId", "timerId", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown:
    """The countdown of a class. `started_at_ms` is in the cloud's time."""

    timer_id: str
    state: Literal["running", "paused"]
    duration_s: int | None
    started_at_ms: int | None


def countdown_now(room: Room) -> Countdown | None:
    """Return the running or paused countdown of a class, or None."""
    widget = read_object(read_object(room.properties.get("widgets")).get(COUNTDOWN))
    extra = read_object(widget.get("extra"))
    state = read_int(extra.get("state"))
    if read_int(widget.get("state")) == 0 or state not in (RUNNING, PAUSED):
        return None
    timer_id = next((found for name in _ID_NAMES if (found := read_text(extra.get(name)))), "")
    return Countdown(
        timer_id=timer_id,
        state="running" if state == RUNNING else "paused",
        duration_s=read_int(extra.get("duration")),
        started_at_ms=read_int(extra.get("startTime")),
    )


def start_countdown(access: ClassAccess, *, seconds: int) -> Entry:
    """Start a countdown of 1 to 3600 seconds. The event about the timer confirms the command."""
    if not 1 <= seconds <= LONGEST_COUNTDOWN_S:
        raise ActionRefused(Problem("seconds_wrong", {"most": LONGEST_COUNTDOWN_S}), field="duration")
    command = Command(
        action="countdown.start",
        target_name=access.room.name,
        params={"seconds": seconds},
        call=valid(StartCountdown, room_uuid=access.room.room_uuid, seconds=seconds),
        facts=lambda timer_id: {"id": timer_id} if timer_id else None,
        confirmed_by=_event(RUNNING),
    )
    return runner.run(access, command)


def pause_countdown(access: ClassAccess) -> Entry:
    """Pause the countdown. The event about the timer confirms the command."""
    return _change(access, "countdown.pause", "pause", _event(PAUSED))


def continue_countdown(access: ClassAccess) -> Entry:
    """Continue a paused countdown. The event about the timer confirms the command."""
    return _change(access, "countdown.continue", "continue", _event(RUNNING))


def stop_countdown(access: ClassAccess) -> Entry:
    """Stop the countdown. The event about the timer confirms the command."""
    return _change(access, "countdown.stop", "stop", widget_event(COUNTDOWN, on=False))


def _change(access: ClassAccess, action: str, what: str, event: Confirms) -> Entry:
    """Change the countdown of a class. Raise ``ActionRefused`` if it has none."""
    now = countdown_now(access.room)
    if now is None or not now.timer_id:
        raise ActionRefused(Problem("no_countdown"))
    command = Command(
        action=action,
        target=now.timer_id,
        target_name=access.room.name,
        call=valid(ChangeCountdown, room_uuid=access.room.room_uuid, timer_id=now.timer_id, what=what),
        confirmed_by=event,
    )
    return runner.run(access, command)


def _event(state: int) -> Confirms:
    path: Mapping[str, Any] = {"path": ["widgets", COUNTDOWN, "extra", "state"], "value": state}
    return Confirms(event=EventKind.ROOM_PROPERTIES, match=dict(path))
