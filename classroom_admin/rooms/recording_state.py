"""Determine the state of a room's recording. No event reports a pause, so use the audit log as well."""

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
KINDS: Final = (START, PAUSE, RESUME, CHANGE)
"""The commands that change the state of a recording."""
PAUSED: Final = "paused"
_ACCEPTED: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNow:
    """A room's last recording. ``state`` is "recording", "paused", "ended" or "failed"."""

    state: str
    record_id: str
    mode: str


def recording_now(room: Room) -> RecordingNow | None:
    """Return the state of the room's last recording; None if no one recorded. Run at most three queries."""
    last = Recording.objects.filter(room=room).order_by("-started_sequence", "-pk").first()
    if last is None:
        return None
    runs = last.state == Recording.State.RECORDING
    commands = accepted_for(last, commands_of(room)) if runs or not last.mode else []
    return RecordingNow(
        state=PAUSED if runs and is_paused(commands) else last.state,
        record_id=last.record_id,
        mode=last.mode or mode_of(commands),
    )


def accepted_for(recording: Recording, entries: Iterable[Entry]) -> list[Entry]:
    """Return the room's commands that the cloud accepted for ``recording``, oldest first. Pure.

    A command contains the id of its recording if the id was known. Otherwise, use the start command before
    the command. Its event or its response from the cloud identifies the recording. Without a start command,
    compare the times.
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
    """Return whether the recording is paused after these commands. A recording may start paused. Pure."""
    paused = False
    for entry in commands:
        if entry.action in (PAUSE, RESUME):
            paused = entry.action == PAUSE
        else:
            onhold = _web_config(entry).get("onhold")
            # A change replaces all settings in the cloud. A change without `onhold` resumes the recording.
            paused = onhold is True
    return paused


def pauses_of(recording: Recording, commands: Iterable[Entry]) -> list[tuple[datetime, datetime | None]]:
    """Return the pauses of ``recording`` in cloud time. ``commands`` are the result of ``accepted_for``.

    A pause begins when the cloud accepts the command, or at the start of a recording that starts paused. The
    end of the last pause is None if the recording is still paused.
    """
    found: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for entry in commands:
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

    The settings have the cloud's names. They are {} if another program set them. Run at most three queries.
    """
    running = Recording.objects.filter(room=room, state=Recording.State.RECORDING)
    last = running.order_by("-started_sequence", "-pk").first()
    if last is None:
        return {}, False
    commands = accepted_for(last, commands_of(room))
    given = [_web_config(entry) for entry in commands if entry.action in (START, CHANGE)]
    return (given[-1] if given else {}), is_paused(commands)


def mode_of(commands: Iterable[Entry]) -> str:
    """Return the mode of the start command; "" if the recording was started with another program. Pure."""
    return next((str(entry.params.get("mode", "")) for entry in commands if entry.action == START), "")


def commands_of(room: Room) -> list[Entry]:
    """Return all commands about the room's recordings with their steps, oldest first, in two queries."""
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
