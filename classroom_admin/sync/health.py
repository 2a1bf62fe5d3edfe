"""Report the state of the sync to the pages, the log and the metrics."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _

from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    PathNotFound,
    RateLimited,
    RoomNotFound,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import in_english
from classroom_admin.common.problems import Problem, from_text
from classroom_admin.rooms.models import AgoraChatRoom
from classroom_admin.sync import competing_reader
from classroom_admin.sync.competing_reader import CompetingReader
from classroom_admin.sync.models import (
    ChatHour,
    InboxAnswer,
    Lease,
    PresenceCorrection,
    Quarantine,
    RoomCursor,
    SequenceGap,
)

log = logging.getLogger(__name__)

LATE_S = 30.0
"""If the last successful poll is older than this (s), the state is logged as a warning."""
LOG_AT_MOST_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the sync at one moment.

    `age_s` is the time since the last successful poll in seconds. It is None before the first one. `backlog`
    counts unread responses and streams with events to project. `leader` is the host and process id of the
    poller, or "". `corrections` counts how often events were wrong about who was present. `gaps` counts
    ranges of lost events, and `voids` counts ranges that the cloud skipped.
    """

    age_s: float | None
    backlog: int
    open_gaps: int
    gaps: int
    voids: int
    quarantined: int
    corrections: int
    leader: str
    last_good_at: datetime | None
    last_error: Problem | None
    last_error_at: datetime | None
    competing_reader: CompetingReader | None

    @property
    def late(self) -> bool:
        return self.age_s is None or self.age_s > LATE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatHealth:
    """The state of the connection to Agora Chat.

    `reads` is True if the history is set up, and `is_called` is True if the webhook is set up. `classes`
    counts the classes that use Agora Chat. `called_at` is the time of the last callback of the last 24 hours.
    `failing` counts the hours and chat rooms that could not be read last time.
    """

    reads: bool
    is_called: bool
    classes: int
    read_at: datetime | None
    called_at: datetime | None
    failing: int
    last_error: Problem | None


def chat_health() -> ChatHealth:
    """Return the current state of the connection to Agora Chat. Run five small queries."""
    calls = InboxAnswer.objects.filter(source=InboxAnswer.Source.CHAT_CALL)
    hours = ChatHour.objects.filter(failures__gt=0, due_at__isnull=False)
    chat_rooms = AgoraChatRoom.objects.filter(failures__gt=0, read_due_at__isnull=False)
    failing = [*hours.values_list("last_error", flat=True), *chat_rooms.values_list("last_error", flat=True)]
    return ChatHealth(
        reads=bool(settings.AGORA.chat_url),
        is_called=bool(settings.AGORA_CHAT_SECRET),
        classes=AgoraChatRoom.objects.count(),
        read_at=ChatHour.objects.aggregate(at=Max("read_at"))["at"],
        called_at=calls.aggregate(at=Max("received_at"))["at"],
        failing=len(failing),
        last_error=from_text(failing[0]) if failing else None,
    )


def health() -> Health:
    """Return the current state of the sync. Run seven small queries."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id).first() or Lease()
    good_at = lease.last_good_at
    states = dict(SequenceGap.objects.values_list("state").annotate(Count("id")))
    return Health(
        age_s=None if good_at is None else max(0.0, (clock.now() - good_at).total_seconds()),
        backlog=InboxAnswer.objects.filter(read_at__isnull=True).count()
        + RoomCursor.objects.filter(project_due_at__isnull=False).count(),
        open_gaps=states.get(SequenceGap.State.OPEN, 0),
        gaps=states.get(SequenceGap.State.GAP, 0),
        voids=states.get(SequenceGap.State.VOID, 0),
        quarantined=quarantine().count(),
        corrections=PresenceCorrection.objects.count(),
        leader=_leader(lease) if lease.owner else "",
        last_good_at=good_at,
        last_error=from_text(lease.last_error),
        last_error_at=lease.last_error_at,
        competing_reader=competing_reader.find(),
    )


def in_one_line(now: Health) -> str:
    """Return the state of the sync as one line for the log."""
    poll = "no good poll yet" if now.age_s is None else f"last good poll {now.age_s:.0f} s ago"
    words = (
        f"{poll}, {now.leader or 'nobody'} polls; backlog {now.backlog}, "
        f"open gaps {now.open_gaps}, lost {now.gaps}, in quarantine {now.quarantined}"
    )
    if now.last_error:
        words += f"; {in_english(now.last_error)}"
    return f"{words}; {now.competing_reader.words}" if now.competing_reader else words


class ChangeLog:
    """A writer that logs the state of the sync when it changes, but at most once a minute."""

    def __init__(self) -> None:
        self._written: tuple[object, ...] | None = None
        self._written_at = float("-inf")

    def write(self) -> bool:
        """Log the state if it changed. Return whether a line was written."""
        if clock.monotonic() - self._written_at < LOG_AT_MOST_EVERY_S:
            return False
        now = health()
        state = (
            *(now.leader, now.late, now.open_gaps, now.gaps, now.quarantined, now.last_error),
            now.competing_reader is not None,
        )
        if state == self._written:
            return False
        self._written, self._written_at = state, clock.monotonic()
        log.log(logging.WARNING if now.late or now.competing_reader else logging.INFO, "%s", in_one_line(now))
        return True


log_changes = ChangeLog().write


def quarantine() -> QuerySet[Quarantine]:
    """Return the unresolved items in quarantine, the latest first."""
    return Quarantine.objects.filter(resolved_at__isnull=True).select_related("answer", "event__room")


def details(error: CloudError) -> Problem:
    """Return the error's message with the HTTP status and the error codes."""
    text = error.message or error.problem or type(error).__name__
    if error.facts:
        return Problem("details", {"text": text, "facts": error.facts})
    return text if isinstance(text, Problem) else Problem("plain", {"text": text})


def problem_of(error: CloudError) -> Problem:
    """Return a problem that says in plain words what failed and what to do."""
    match error:
        case Unauthorized():
            return Problem("poll_unauthorized")
        case RateLimited():
            return Problem("poll_rate_limited")
        case UnreadableAnswer():
            return Problem("poll_unreadable", {"details": details(error)})
        case PathNotFound() | RoomNotFound():  # a wrong region gives the same error as an unknown room
            return Problem("poll_no_such_address")
        case CloudUnavailable() if error.http_status is None:
            return Problem("poll_unreachable")
        case CloudUnavailable() | CloudFailed():
            return Problem("poll_cloud_failed", {"details": details(error)})
    return Problem("poll_refused", {"details": details(error)})


def _leader(lease: Lease) -> str:
    """Return the host and the process id of the poller."""
    machine = f"\u2068{lease.host.partition('/')[0]}\u2069"
    return _("%(machine)s, process %(number)d") % {"machine": machine, "number": lease.pid}
