"""What people read: commands and how they stand, kinds of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry, Step
from classroom_admin.core import language

ROOM_TYPES: Final = {
    0: _("One-to-one"),
    2: _("Lecture hall"),
    4: _("Small class"),
    10: _("Small class (cloud)"),
}
COMMANDS: Final = {
    "class.create": _("Create the class"),
    "class.start": _("Start the class"),
    "class.end": _("End the class"),
    "class.close": _("Close the class"),
    "participant.remove": _("Remove"),
    "participant.let_back": _("Let back in"),
    "recording.start": _("Start recording"),
    "recording.stop": _("Stop recording"),
    "recording.pause": _("Pause recording"),
    "recording.resume": _("Resume recording"),
    "recording.change": _("Change the recording"),
    "resource.put": _("Add the file"),
    "resource.delete": _("Delete files"),
    "groups.open": _("Open breakout rooms"),
    "groups.close": _("Close breakout rooms"),
    "room.set_properties": _("Set properties of the class"),
    "room.delete_properties": _("Delete properties of the class"),
    "participant.set_properties": _("Set properties"),
    "participant.delete_properties": _("Delete properties"),
    "ext_app.set_properties": _("Set properties of an extension"),
    "ext_app.delete_properties": _("Delete properties of an extension"),
}
UNDER_WAY: Final = ("requested", "accepted")
# A command that the cloud has said nothing about for so long is no longer waited for.
PATIENCE: Final = timedelta(seconds=60)
# The others are about the class itself, whose name the page shows anyway.
_NAMED: Final = ("participant.", "resource.")
_NO_REASON: Final = _("The cloud gave no reason. Try again in a moment.")


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
        words=str(COMMANDS.get(entry.action) or label(entry.action)),
        whom=entry.target_name if entry.action.startswith(_NAMED) else "",
        target=entry.target,
        by=entry.actor_name,
        at=entry.at,
        state=last.kind,
        final=bool(detail.get("final")),
        seconds=round((last.at - entry.at).total_seconds(), 1),
        reason=str(language.told(detail) or detail.get("message") or _NO_REASON) if failed else "",
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
