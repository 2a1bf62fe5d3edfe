"""How the recording of a room stands. That it is paused no event tells: it is read from the commands on
record.
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
KINDS: Final = (START, PAUSE, RESUME, CHANGE)
"""The commands that tell how a recording stands."""
PAUSED: Final = "paused"
_TOOK: Final = (Step.Kind.ACCEPTED, Step.Kind.CONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNow:
    """The room's last recording. ``state``: recording, paused, ended, failed. ``mode``: web, composite,
    single or "".
    """

    state: str
    record_id: str
    mode: str


def recording_now(room: Room) -> RecordingNow | None:
    """The room's last recording and how it stands, None where there never was one. At most three queries."""
    last = Recording.objects.filter(room=room).order_by("-started_sequence", "-pk").first()
    if last is None:
        return None
    runs = last.state == Recording.State.RECORDING
    commands = taken_since_start(last, commands_of(room)) if runs or not last.mode else []
    return RecordingNow(
        state=PAUSED if runs and is_paused(commands) else last.state,
        record_id=last.record_id,
        mode=last.mode or mode_of(commands),
    )


def taken_since_start(recording: Recording, entries: Iterable[Entry]) -> list[Entry]:
    """Of a room's recording commands, oldest first, those that the cloud took and that concern
    ``recording``. Pure.

    A command names its recording where it knew it. Else it is told by the start command that led to the
    recording: by the event that confirmed it or the id in the cloud's answer; without one, by the time.
    """
    taken: list[Entry] = []
    for entry in entries:
        took = [step for step in entry.steps.all() if step.kind in _TOOK]
        if not took:
            continue
        if entry.action == START:
            taken = [entry] if _led_to(recording, took) else []
        elif _concerns(recording, entry, took, after_its_start=bool(taken)):
            taken.append(entry)
    return taken


def is_paused(commands: Iterable[Entry]) -> bool:
    """Whether the last command that says so paused the recording (a start may begin paused). Pure."""
    paused = False
    for entry in commands:
        if entry.action in (PAUSE, RESUME):
            paused = entry.action == PAUSE
        else:
            onhold = _web_config(entry).get("onhold")
            # The cloud overwrites all settings with each change: one that leaves onhold out resumes.
            paused = onhold is True
    return paused


def pauses_of(recording: Recording, commands: Iterable[Entry]) -> list[tuple[datetime, datetime | None]]:
    """When ``recording`` was paused, by its commands (as ``taken_since_start`` gives them), in cloud time.

    A pause is reckoned from when the cloud took the command; one that begins with the recording from its
    start. The last one may be open (None).
    """
    found: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for entry in commands:
        at = clock.as_cloud_time(next(step.at for step in entry.steps.all() if step.kind in _TOOK))
        if entry.action == START and recording.started_at is not None:
            at = recording.started_at
        if is_paused([entry]):
            since = since or at
        elif since is not None:
            found.append((since, at))
            since = None
    return [*found, (since, None)] if since is not None else found


def settings_on_record(room: Room) -> tuple[dict[str, Any], bool]:
    """The settings that the running recording was last given (upstream names; {} where nobody here gave any)
    and whether it is paused. At most three queries.
    """
    running = Recording.objects.filter(room=room, state=Recording.State.RECORDING)
    last = running.order_by("-started_sequence", "-pk").first()
    if last is None:
        return {}, False
    commands = taken_since_start(last, commands_of(room))
    given = [_web_config(entry) for entry in commands if entry.action in (START, CHANGE)]
    return (given[-1] if given else {}), is_paused(commands)


def mode_of(commands: Iterable[Entry]) -> str:
    """The mode that the start command asked for; empty where somebody else started it. Pure."""
    return next((str(entry.params.get("mode", "")) for entry in commands if entry.action == START), "")


def commands_of(room: Room) -> list[Entry]:
    """All commands on record about the room's recordings, oldest first, with their steps: two queries."""
    entries = Entry.objects.filter(room_uuid=room.room_uuid, action__in=KINDS)
    return list(entries.order_by("id").prefetch_related("steps"))


def _led_to(recording: Recording, took: list[Step]) -> bool:
    for step in took:
        if step.detail.get("record_id") == recording.record_id:
            return True
        sequence = step.detail.get("sequence")
        if sequence is not None and sequence == recording.started_sequence:
            return True
    return False


def _concerns(recording: Recording, entry: Entry, took: list[Step], *, after_its_start: bool) -> bool:
    if entry.target:
        return entry.target == recording.record_id
    return after_its_start or recording.started_at is None or took[0].at >= recording.started_at


def _web_config(entry: Entry) -> dict[str, Any]:
    config = entry.params.get("web_config")
    return config if isinstance(config, dict) else {}
