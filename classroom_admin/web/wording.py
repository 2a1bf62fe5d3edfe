"""What people read: commands and how they stand, kinds of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.actions.verification import can_verify
from classroom_admin.audit.actions import COMMANDS, label
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import reason_in, stored_in_words

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
UNDER_WAY: Final = ("requested", "accepted")
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
        reason=reason_in(detail) or str(_NO_REASON) if failed else "",
        cloud_says=_cloud_says(detail) if failed else "",
        why=str(entry.params.get("reason") or ""),
        steps=tuple(
            (str(STEPS[Step.Kind(step.kind)]), step.at, round((step.at - entry.at).total_seconds(), 1))
            for step in steps
        ),
        unknown=failed and bool(detail.get("unknown_outcome")),
        can_check=can_verify(entry.action),
    )


def _decisive(steps: list[Step]) -> Step:
    """The step that says how it stands: *confirmed* wins, whenever it came."""
    confirmed = [step for step in steps if step.kind == Step.Kind.CONFIRMED]
    return confirmed[0] if confirmed else steps[-1]


def _cloud_says(detail: dict) -> str:
    """The cloud's own words, for the one who has to look into it: "409 30409100 Class already started"."""
    said = detail.get("message") or stored_in_words(detail.get("found"))
    parts = (detail.get("http_status"), detail.get("code"), said)
    return " ".join(str(part) for part in parts if part not in (None, ""))
