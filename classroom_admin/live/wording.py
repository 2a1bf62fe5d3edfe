"""What people read: commands and how they stand, kinds of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry, Step

ROOM_TYPES: Final = {0: "One-to-one", 2: "Lecture hall", 4: "Small class", 10: "Small class (cloud)"}
COMMANDS: Final = {
    "class.create": "Create the class",
    "class.start": "Start the class",
    "class.end": "End the class",
    "class.close": "Close the class",
    "participant.remove": "Remove",
    "participant.let_back": "Let back in",
    "recording.start": "Start recording",
    "recording.stop": "Stop recording",
    "recording.pause": "Pause recording",
    "recording.resume": "Resume recording",
    "recording.change": "Change the recording",
    "resource.put": "Add the file",
    "resource.hold_delete": "Delete, with ten seconds to undo:",
    "resource.undo_delete": "Keep after all",
    "resource.delete": "Delete files",
}
UNDER_WAY: Final = ("requested", "accepted")
# A command that the cloud has said nothing about for so long is no longer waited for.
PATIENCE: Final = timedelta(seconds=60)
# The others are about the class itself, whose name the page shows anyway.
_NAMED: Final = ("participant.", "resource.")
_NO_REASON: Final = "The cloud gave no reason. Try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A command as the page tells it. `state` is requested, accepted, confirmed, failed or done."""

    entry_id: int
    action: str
    words: str
    whom: str
    target: str
    by: str
    at: datetime
    state: str
    final: bool
    seconds: float | None
    reason: str
    cloud_says: str

    @property
    def waits(self) -> bool:
        """Whether more is to come."""
        return self.state == "requested" or (self.state == "accepted" and not self.final)


def tell_commands(entries: Iterable[Entry]) -> list[Told]:
    """Commands as the page tells them, in the order given. An entry without any step is left out."""
    told = ((entry, sorted(entry.steps.all(), key=lambda step: step.pk)) for entry in entries)
    return [_tell(entry, steps) for entry, steps in told if steps]


def under_way(commands: Iterable[Told], *, now: datetime) -> set[str]:
    """The kinds of commands that wait for the cloud, so that their buttons say so."""
    return {told.action for told in commands if told.waits and now - told.at < PATIENCE}


def _tell(entry: Entry, steps: list[Step]) -> Told:
    last = _decisive(steps)
    detail = last.detail
    failed = last.kind == Step.Kind.FAILED
    return Told(
        entry_id=entry.pk,
        action=entry.action,
        words=COMMANDS.get(entry.action) or label(entry.action),
        whom=entry.target_name if entry.action.startswith(_NAMED) else "",
        target=entry.target,
        by=entry.actor_name,
        at=entry.at,
        state=last.kind,
        final=bool(detail.get("final")),
        seconds=round((last.at - entry.at).total_seconds(), 1),
        reason=(str(detail.get("sentence") or detail.get("message") or "") or _NO_REASON) if failed else "",
        cloud_says=_cloud_says(detail) if failed else "",
    )


def _decisive(steps: list[Step]) -> Step:
    """The step that says how it stands: *confirmed* wins, whenever it came."""
    confirmed = [step for step in steps if step.kind == Step.Kind.CONFIRMED]
    return confirmed[0] if confirmed else steps[-1]


def _cloud_says(detail: dict) -> str:
    """The cloud's own words, for the one who has to look into it: "409 30409100 Class already started"."""
    parts = (detail.get("http_status"), detail.get("code"), detail.get("message"))
    return " ".join(str(part) for part in parts if part not in (None, ""))
