"""Measure how far behind the background work is: polling, projection and scheduled commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Min

from classroom_admin.actions import scheduled
from classroom_admin.common import clock
from classroom_admin.sync.health import LATE_S
from classroom_admin.sync.models import InboxAnswer, Lease, RoomCursor

COMMAND_LIMIT_S: Final = 60.0
"""A removal or a deletion that is overdue longer than this (s) is late. A worker looks every second."""


@dataclass(frozen=True, slots=True)
class Age:
    """An age in seconds, or None if there is nothing to measure, and the limit above which it is late."""

    age_s: float | None
    limit_s: float

    @property
    def late(self) -> bool:
        return self.age_s is not None and self.age_s > self.limit_s

    def as_json(self) -> dict[str, Any]:
        return {
            "age_s": None if self.age_s is None else round(self.age_s, 1),
            "limit_s": self.limit_s,
            "late": self.late,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The ages of the background work.

    `last_poll` is the time since the cloud last answered a request for events. `oldest_event` is how long
    received events have waited for their projection. `oldest_command` is how long a removal or a deletion has
    been overdue.
    """

    last_poll: Age
    oldest_event: Age
    oldest_command: Age

    def as_json(self) -> dict[str, dict[str, Any]]:
        return {
            "last_poll": self.last_poll.as_json(),
            "oldest_unprojected_event": self.oldest_event.as_json(),
            "oldest_due_command": self.oldest_command.as_json(),
        }


def read() -> Progress:
    """Return the current ages. Run four small queries."""
    now = clock.now()
    polled_at = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("last_good_at", flat=True)
    unread = InboxAnswer.objects.filter(read_at__isnull=True).aggregate(at=Min("received_at"))["at"]
    due = RoomCursor.objects.filter(project_due_at__lte=now, room__sealed_at=None)
    unprojected = due.aggregate(at=Min("project_due_at"))["at"]
    overdue = [seconds for kind, seconds in overdue_s().items() if kind in scheduled.TIMED]
    return Progress(
        last_poll=Age(_age_s(polled_at.first(), now), LATE_S),
        oldest_event=Age(
            _age_s(min(filter(None, (unread, unprojected)), default=None), now), settings.WALL_STALE_SECONDS
        ),
        oldest_command=Age(max(overdue, default=None), COMMAND_LIMIT_S),
    )


def overdue_s() -> dict[str, float]:
    """Return how long (s) the oldest due command of each kind has been overdue. Omit kinds without any."""
    now = clock.now()
    oldest = (
        scheduled.due(tuple(scheduled.Kind)).order_by().values_list("kind").annotate(at=Min("claimable_at"))
    )
    return {kind: max(0.0, (now - at).total_seconds()) for kind, at in oldest}


def _age_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())
