"""Determine the state of a room's recording.

Some clouds do not report pauses in events (property `record`). In that case, use the audit log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room

START: Final = "recording.start"
PAUSE: Final = "recording.pause"
RESUME: Final = "recording.resume"
CHANGE: Final = "recording.change"
READY: Final = "recording.ready"
KINDS: Final = (START, PAUSE, RESUME, CHANGE, READY)
"""The commands that change the state of a recording, or report that the recorded page has loaded."""
PAUSED: Final = "paused"
_ACCEPTED: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNow:
    """A room's last recording. ``state`` is "recording", "paused", "ended" or "failed"."""

    state: str
    record_id: str
    mode: str


def recording_now(room: Room) -> RecordingNow | None:
    """Return the state of the room's last recording, or None if there is none."""
    last = Recording.objects.filter(room=room).order_by("-started_sequence", "-pk").first()
    if last is None:
        return None
    runs = last.state == Recording.State.RECORDING
    commands = accepted_for(last, commands_of(room)) if runs or not last.mode else []
    return RecordingNow(
        state=PAUSED if runs and paused_now(last, commands) else last.state,
        record_id=last.record_id,
        mode=last.mode or mode_of(commands),
    )


def accepted_for(recording: Recording, entries: Iterable[Entry]) -> list[Entry]:
    """Return the room's commands that the cloud accepted for ``recording``, oldest first.

    If a command does not name its recording, it belongs to the recording that the last start command before
    it started. If there is no start command, the times are compared.
    """
    found_commands: list[Entry] = []
    for entry in entries:
        accepted = [step for step in entry.steps.all() if step.kind in _ACCEPTED]
        if not accepted:
            continue
        if entry.action == START:
            found_commands = [entry] if _led_to(recording, accepted) else []
        elif _concerns(recording, entry, accepted, after_its_start=bool(found_commands)):
            found_commands.append(entry)
    return found_commands


def is_paused(commands: Iterable[Entry]) -> bool:
    """Return whether the recording is paused after these commands."""
    paused = False
    for entry in commands:
        if entry.action in (PAUSE, RESUME):
            paused = entry.action == PAUSE
        elif entry.action != READY:
            onhold = _web_config(entry).get("onhold")
            # A change replaces all settings in the cloud. A change without `onhold` resumes the recording.
            paused = onhold is True
    return paused


def waits_for_page(commands: Iterable[Entry]) -> bool:
    """Return whether the recording has a retry delay and no command has reported that its page has loaded."""
    waits = False
    for entry in commands:
        if entry.action == START:
            waits = entry.params.get("mode") == "web" and "retry_timeout_s" in entry.params
        elif entry.action == READY:
            waits = False
    return waits


def paused_now(recording: Recording, commands: Iterable[Entry]) -> bool:
    """Return whether a running recording is paused. If no event reported a pause, use ``commands``."""
    pauses: list[list[int | None]] = recording.pauses
    return pauses[-1][1] is None if pauses else is_paused(commands)


def pauses_of(recording: Recording, commands: Iterable[Entry]) -> list[tuple[datetime, datetime | None]]:
    """Return the pauses of ``recording`` in cloud time. ``commands`` are the result of ``accepted_for``.

    If no event reported a pause, it begins when the cloud accepts the command, or at the start of a recording
    that starts paused. The end of the last pause is None if the recording is still paused.
    """
    if recording.pauses:
        return [
            (clock.from_ms(begin), None if end is None else clock.from_ms(end))
            for begin, end in recording.pauses
        ]
    found: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for entry in commands:
        if entry.action == READY:
            continue
        at = clock.as_cloud_time(next(step.at for step in entry.steps.all() if step.kind in _ACCEPTED))
        if entry.action == START and recording.started_at is not None:
            at = recording.started_at
        if is_paused([entry]):
            since = since or at
        elif since is not None:
            found.append((since, at))
            since = None
    return [*found, (since, None)] if since is not None else found


def settings_on_record(room: Room) -> tuple[dict[str, Any], bool]:
    """Return the last settings of the running recording, and whether the recording is paused.

    The settings have the cloud's names. They are {} if another program set them.
    """
    running = Recording.objects.filter(room=room, state=Recording.State.RECORDING)
    last = running.order_by("-started_sequence", "-pk").first()
    if last is None:
        return {}, False
    commands = accepted_for(last, commands_of(room))
    given = [_web_config(entry) for entry in commands if entry.action in (START, CHANGE)]
    return (given[-1] if given else {}), paused_now(last, commands)


def mode_of(commands: Iterable[Entry]) -> str:
    """Return the mode in the start command, or "" if another program started the recording."""
    return next((str(entry.params.get("mode", "")) for entry in commands if entry.action == START), "")


def commands_of(room: Room) -> list[Entry]:
    """Return all commands about the room's recordings with their steps, oldest first."""
    entries = Entry.objects.filter(room_uuid=room.room_uuid, action__in=KINDS)
    return list(entries.order_by("id").prefetch_related("steps"))


def _led_to(recording: Recording, accepted: list[Step]) -> bool:
    for step in accepted:
        if step.detail.get("record_id") == recording.record_id:
            return True
        sequence = step.detail.get("sequence")
        if sequence is not None and sequence == recording.started_sequence:
            return True
    return False


def _concerns(recording: Recording, entry: Entry, accepted: list[Step], *, after_its_start: bool) -> bool:
    if entry.target:
        return entry.target == recording.record_id
    return after_its_start or recording.started_at is None or accepted[0].at >= recording.started_at


def _web_config(entry: Entry) -> dict[str, Any]:
    config = entry.params.get("web_config")
    return config if isinstance(config, dict) else {}
