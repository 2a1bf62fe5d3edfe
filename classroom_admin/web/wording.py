"""What people read: commands and how they stand, kinds of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.actions.checking import can_check
from classroom_admin.audit.actions import label
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock, language

ROOM_TYPES: Final = {
    0: _("One-to-one"),
    2: _("Lecture hall"),
    4: _("Small class"),
    10: _("Small class (cloud)"),
}
ROLES: Final = {
    "teacher": _("teacher"),
    "student": _("student"),
    "assistant": _("assistant"),
    "observer": _("observer"),
    "invisible": _("invisible"),
    "server": _("server"),
    "unknown": _("unknown role"),
}
COMMANDS: Final = {
    "class.create": _("Create the class"),
    "class.start": _("Start the class"),
    "class.end": _("End the class"),
    "class.close": _("Close the class"),
    "participant.remove": pgettext_lazy("person", "Remove"),
    "participant.let_back": _("Unban"),
    "recording.start": _("Start recording"),
    "recording.stop": _("Stop recording"),
    "recording.pause": _("Pause recording"),
    "recording.resume": _("Resume recording"),
    "recording.change": _("Change recording settings"),
    "resource.put": _("Add the file"),
    "resource.delete": _("Delete files"),
    "groups.open": _("Open breakout rooms"),
    "groups.close": _("Close breakout rooms"),
    "room.set_properties": _("Set properties of the class"),
    "room.delete_properties": _("Delete class properties"),
    "participant.set_properties": _("Set properties"),
    "participant.delete_properties": _("Delete properties"),
    "ext_app.set_properties": _("Set properties of an extension"),
    "ext_app.delete_properties": _("Delete extension properties"),
    "room.use_list": _("Choose the class list"),
    "class_list.change": _("Change the class list"),
    "participant.plan_removal": _("Schedule removal of"),
    "participant.call_off_removal": _("Cancel removal of"),
    "resource.hold_delete": _("Delete files (10 seconds to undo):"),
    "resource.undo_delete": _("Undo deletion of"),
}
# A command that the cloud has said nothing about for so long is no longer waited for.
PATIENCE: Final = timedelta(seconds=60)
# After so long without the cloud's event the page says so and offers to look.
QUIET_FOR: Final = timedelta(seconds=10)
STEPS: Final = {
    Step.Kind.REQUESTED: _("requested"),
    Step.Kind.ACCEPTED: _("accepted"),
    Step.Kind.CONFIRMED: _("confirmed"),
    Step.Kind.FAILED: pgettext_lazy("command", "failed"),
    Step.Kind.DONE: _("done"),
}
# The others are about the class itself, whose name the page shows anyway.
_NO_REASON: Final = _("The cloud gave no reason. Try again in a moment.")
_NAMED: Final = ("participant.", "resource.", "room.use_list", "class_list.")


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
    why: str = ""
    # (what happened in words, when, seconds after the request) in the order of the record
    steps: tuple[tuple[str, datetime, float], ...] = ()
    unknown: bool = False
    can_check: bool = False

    @property
    def late_at(self) -> datetime | None:
        """When it is time to say that the cloud has not told how it ended, by the cloud's clock; None where
        all is said.
        """
        if not (self.waits or self.unknown):
            return None
        return clock.as_cloud_time(self.at + QUIET_FOR)

    @property
    def is_late(self) -> bool:
        """Whether that time has come."""
        return clock.now() - self.at >= QUIET_FOR

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
        why=str(entry.params.get("reason") or ""),
        steps=tuple(
            (str(STEPS[Step.Kind(step.kind)]), step.at, round((step.at - entry.at).total_seconds(), 1))
            for step in steps
        ),
        unknown=failed and bool(detail.get("unknown_outcome")),
        can_check=can_check(entry.action),
    )


def _decisive(steps: list[Step]) -> Step:
    """The step that says how it stands: *confirmed* wins, whenever it came."""
    confirmed = [step for step in steps if step.kind == Step.Kind.CONFIRMED]
    return confirmed[0] if confirmed else steps[-1]


def _cloud_says(detail: dict) -> str:
    """The cloud's own words, for the one who has to look into it: "409 30409100 Class already started"."""
    parts = (detail.get("http_status"), detail.get("code"), detail.get("message"))
    return " ".join(str(part) for part in parts if part not in (None, ""))
