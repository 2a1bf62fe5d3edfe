"""Describe commands, their states, roles and room types in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from classroom_admin.actions.verification import can_verify
from classroom_admin.audit.actions import COMMANDS, label
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.erased import translated
from classroom_admin.common.problem_texts import reason_in, stored_in_words
from classroom_admin.rooms.models import Role

ROOM_TYPES: Final = {
    0: _("One-to-one"),
    2: _("Lecture hall"),
    4: _("Small class"),
    10: _("Small class (cloud)"),
}
ROLES: Final = dict(Role.choices) | {"unknown": _("unknown role")}
# Pages stop waiting for a command after this time without news from the cloud.
PATIENCE: Final = timedelta(seconds=60)
# After this time without an event, the page says that no event arrived and offers to verify the command.
QUIET_FOR: Final = timedelta(seconds=10)
HOUR: Final = 3600
DAY: Final = 24 * HOUR
_NO_REASON: Final = _("The cloud gave no reason. Try again in a moment.")
# Pages show the target of these commands only. Other commands are about the class, which the page names.
_NAMED: Final = (
    "participant.",
    "resource.",
    "room.use_list",
    "class_list.",
    "groups.move",
    "groups.rename",
    "groups.close_one",
    "tool.on",
    "tool.off",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStatus:
    """A command and its state for display. `state` is requested, accepted, confirmed, failed or done."""

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
    # The steps in the order of the audit log, each as (words, time, seconds after the request).
    steps: tuple[tuple[str, datetime, float], ...] = ()
    unknown: bool = False
    can_check: bool = False

    @property
    def late_at(self) -> datetime | None:
        """Return the cloud time from which pages say that the outcome is unknown, or None if it is known."""
        if not (self.waits or self.unknown):
            return None
        return clock.as_cloud_time(self.at + QUIET_FOR)

    @property
    def is_late(self) -> bool:
        """Return whether the command is so old that its outcome should be known."""
        return clock.now() - self.at >= QUIET_FOR

    @property
    def waits(self) -> bool:
        """Return whether more steps are expected."""
        return self.state == "requested" or (self.state == "accepted" and not self.final)


def early_words(early: timedelta) -> str:
    """Return a question whether to start a class this long before its scheduled time."""
    minutes = round(early.total_seconds() / 60)
    if minutes < 120:
        words = ngettext("Start %(n)d minute early?", "Start %(n)d minutes early?", minutes)
        return words % {"n": minutes}
    if minutes < 48 * 60:
        hours = round(minutes / 60)
        return ngettext("Start %(n)d hour early?", "Start %(n)d hours early?", hours) % {"n": hours}
    days = round(minutes / (24 * 60))
    return ngettext("Start %(n)d day early?", "Start %(n)d days early?", days) % {"n": days}


def length_in_words(seconds: int) -> str:
    """Return a duration in its largest unit, such as "10 minutes" or "2 days"."""
    if seconds and seconds % DAY == 0:
        return ngettext("%(count)d day", "%(count)d days", seconds // DAY) % {"count": seconds // DAY}
    if seconds and seconds % HOUR == 0:
        return ngettext("%(count)d hour", "%(count)d hours", seconds // HOUR) % {"count": seconds // HOUR}
    if seconds and seconds % 60 == 0:
        return ngettext("%(count)d minute", "%(count)d minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def command_statuses(entries: Iterable[Entry]) -> list[CommandStatus]:
    """Return the status of each command, in the same order. Omit entries without a step."""
    found = ((entry, sorted(entry.steps.all(), key=lambda step: step.pk)) for entry in entries)
    return [_status(entry, steps) for entry, steps in found if steps]


def command_state(entry: Entry) -> CommandStatus:
    """Return the status of the command in an audit log entry."""
    return command_statuses([entry])[0]


def under_way(commands: Iterable[CommandStatus], *, now: datetime) -> set[str]:
    """Return the names of the actions with a command that waits for the cloud."""
    return {one.action for one in commands if one.waits and now - one.at < PATIENCE}


def _status(entry: Entry, steps: list[Step]) -> CommandStatus:
    last = _decisive(steps)
    detail = last.detail
    failed = last.kind == Step.Kind.FAILED
    return CommandStatus(
        entry_id=entry.pk,
        action=entry.action,
        words=str(COMMANDS.get(entry.action) or label(entry.action)),
        whom=translated(entry.target_name) if entry.action.startswith(_NAMED) else "",
        target=entry.target,
        by=translated(entry.actor_name),
        at=entry.at,
        state=last.kind,
        final=bool(detail.get("final")),
        seconds=round((last.at - entry.at).total_seconds(), 1),
        reason=reason_in(detail) or str(_NO_REASON) if failed else "",
        cloud_says=_cloud_says(detail) if failed else "",
        why=translated(str(entry.params.get("reason") or "")),
        steps=tuple(
            (str(Step.Kind(step.kind).label), step.at, round((step.at - entry.at).total_seconds(), 1))
            for step in steps
        ),
        unknown=failed and bool(detail.get("unknown_outcome")),
        can_check=can_verify(entry.action),
    )


def _decisive(steps: list[Step]) -> Step:
    """Return the step that decides the state: the first *confirmed* step, otherwise the last one."""
    confirmed = [step for step in steps if step.kind == Step.Kind.CONFIRMED]
    return confirmed[0] if confirmed else steps[-1]


def _cloud_says(detail: dict[str, Any]) -> str:
    """Return the cloud's error for troubleshooting, such as "409 30409100 Class already started"."""
    said = detail.get("message") or stored_in_words(detail.get("found"))
    parts = (detail.get("http_status"), detail.get("code"), said)
    return " ".join(str(part) for part in parts if part not in (None, ""))
