"""How the sync is doing, for the pages, the log and the metrics."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    PathNotFound,
    RateLimited,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.problems import Problem, from_text
from classroom_admin.sync import competing_reader
from classroom_admin.sync.competing_reader import OtherReader
from classroom_admin.sync.models import Hole, InboxAnswer, Lease, Quarantine, RoomCursor

log = logging.getLogger(__name__)

LATE_S = 30.0
"""A last good poll that is older than this is worth a word in the log."""
LOG_AT_MOST_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the sync at one moment.

    `age_s`: seconds since the last poll that went well; None before the first. `backlog`: answers not
    read yet plus streams with something to project. `leader`: who polls, as host and pid; empty: nobody.
    `gaps` and `voids`: stretches of numbers that can't be had any more, or that the cloud passes over.
    `last_error` is for people and None while all goes well. `other_reader`: see `foreign`.
    """

    age_s: float | None
    backlog: int
    holes_open: int
    gaps: int
    voids: int
    quarantined: int
    leader: str
    last_good_at: datetime | None
    last_error: Problem | None
    last_error_at: datetime | None
    other_reader: OtherReader | None

    @property
    def late(self) -> bool:
        return self.age_s is None or self.age_s > LATE_S


def health() -> Health:
    """One look at it all, in six small queries."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id).first() or Lease()
    good_at = lease.last_good_at
    holes = dict(Hole.objects.values_list("state").annotate(Count("id")))
    return Health(
        age_s=None if good_at is None else max(0.0, (clock.now() - good_at).total_seconds()),
        backlog=InboxAnswer.objects.filter(read_at__isnull=True).count()
        + RoomCursor.objects.filter(fold_due_at__isnull=False).count(),
        holes_open=holes.get(Hole.State.OPEN, 0),
        gaps=holes.get(Hole.State.GAP, 0),
        voids=holes.get(Hole.State.VOID, 0),
        quarantined=quarantine().count(),
        leader=_leader(lease) if lease.owner else "",
        last_good_at=good_at,
        last_error=from_text(lease.last_error),
        last_error_at=lease.last_error_at,
        other_reader=competing_reader.other_reader(),
    )


def in_one_line(now: Health) -> str:
    """The state of the sync for the log. Pure."""
    age = "never" if now.age_s is None else f"{now.age_s:.0f} s ago"
    words = (
        f"last good poll {age} by {now.leader or 'nobody'}; backlog {now.backlog}, "
        f"holes open {now.holes_open}, gaps {now.gaps}, in quarantine {now.quarantined}"
    )
    if now.last_error:
        words += f"; {in_english(now.last_error)}"
    return f"{words}; {now.other_reader.words}" if now.other_reader else words


class Teller:
    """Tells the log how the sync is doing when that changes, a line a minute at most."""

    def __init__(self) -> None:
        self._said: tuple[object, ...] | None = None
        self._said_at = float("-inf")

    def tell(self) -> bool:
        """Write the line if there is news and the minute is over. True: it was written."""
        if clock.monotonic() - self._said_at < LOG_AT_MOST_EVERY_S:
            return False
        now = health()
        news = (
            *(now.leader, now.late, now.holes_open, now.gaps, now.quarantined, now.last_error),
            now.other_reader is not None,
        )
        if news == self._said:
            return False
        self._said, self._said_at = news, clock.monotonic()
        log.log(logging.WARNING if now.late or now.other_reader else logging.INFO, "%s", in_one_line(now))
        return True


tell_the_log = Teller().tell


def freshness() -> tuple[float | None, str]:
    """(`age_s`, `last_error`) in one query: what a page's freshness chip needs."""
    row = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("last_good_at", "last_error").first()
    good_at, error = row or (None, "")
    return (None if good_at is None else max(0.0, (clock.now() - good_at).total_seconds())), error


def quarantine() -> QuerySet[Quarantine]:
    """What could not be taken and still can't, the latest first."""
    return Quarantine.objects.filter(resolved_at__isnull=True).select_related("answer", "event__room")


def details(error: CloudError) -> Problem:
    """Return what the cloud said or this client found, with the HTTP status and the codes."""
    text = error.message or error.problem or type(error).__name__
    if error.facts:
        return Problem("details", {"text": text, "facts": error.facts})
    return text if isinstance(text, Problem) else Problem("plain", {"text": text})


def problem_of(error: CloudError) -> Problem:
    """Return what went wrong with the cloud and what to do, for people who don't read codes."""
    match error:
        case Unauthorized():
            return Problem("poll_unauthorized")
        case RateLimited():
            return Problem("poll_rate_limited")
        case UnreadableAnswer():
            return Problem("poll_unreadable", {"details": details(error)})
        case PathNotFound():
            return Problem("poll_no_such_address")
        case CloudUnavailable() if error.http_status is None:
            return Problem("poll_unreachable")
        case CloudUnavailable() | CloudFailed():
            return Problem("poll_cloud_failed", {"details": details(error)})
    return Problem("poll_refused", {"details": details(error)})


def _leader(lease: Lease) -> str:
    """Which process asks the cloud; the machine's name is kept apart from the words around it."""
    machine = f"\u2068{lease.host.partition('/')[0]}\u2069"
    return _("%(machine)s, process %(number)d") % {"machine": machine, "number": lease.pid}
