"""How the sync is doing, for the pages, the log and the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from classroom_admin.agora.errors import (
    CloudError,
    CloudFailed,
    CloudUnavailable,
    InvalidArgument,
    PathNotFound,
    RateLimited,
    Unauthorized,
    UnreadableAnswer,
)
from classroom_admin.core import clock
from classroom_admin.sync.models import Hole, InboxAnswer, Lease, Quarantine, RoomCursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of the sync at one moment.

    `age_s`: seconds since the last poll that went well; None before the first. `backlog`: answers not
    read yet plus streams with something to fold. `leader`: who polls, as host and pid; empty: nobody.
    `last_error` is for people and empty while all goes well.
    """

    age_s: float | None
    backlog: int
    holes_open: int
    quarantined: int
    leader: str
    last_good_at: datetime | None
    last_error: str
    last_error_at: datetime | None


def health() -> Health:
    """One look at it all, in five small queries."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id).first() or Lease()
    good_at = lease.last_good_at
    return Health(
        age_s=None if good_at is None else max(0.0, (clock.now() - good_at).total_seconds()),
        backlog=InboxAnswer.objects.filter(read_at__isnull=True).count()
        + RoomCursor.objects.filter(fold_due_at__isnull=False).count(),
        holes_open=Hole.objects.filter(state=Hole.State.OPEN).count(),
        quarantined=quarantine().count(),
        leader=f"{lease.host.partition('/')[0]}, process {lease.pid}" if lease.owner else "",
        last_good_at=good_at,
        last_error=lease.last_error,
        last_error_at=lease.last_error_at,
    )


def freshness() -> tuple[float | None, str]:
    """(`age_s`, `last_error`) in one query: what a page's freshness chip needs."""
    row = Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("last_good_at", "last_error").first()
    good_at, error = row or (None, "")
    return (None if good_at is None else max(0.0, (clock.now() - good_at).total_seconds())), error


def quarantine() -> QuerySet[Quarantine]:
    """What could not be taken and still can't, the latest first."""
    return Quarantine.objects.filter(resolved_at__isnull=True).select_related("answer", "event__room")


def plain_words(error: CloudError | InvalidArgument) -> str:
    """What went wrong with the cloud and what to do, for people who don't read codes."""
    match error:
        case Unauthorized():
            return (
                "The cloud refuses our sign-in. Check AGORA_APP_ID, AGORA_APP_CERTIFICATE and AGORA_AUTH, "
                "and that this machine's clock is right."
            )
        case RateLimited():
            return "The cloud was asked too often and wants a pause; it is asked again by itself."
        case UnreadableAnswer():
            return "The cloud's answer could not be read. It is kept in quarantine as it came."
        case PathNotFound():
            return "The cloud has no such address. Check AGORA_REGION, AGORA_APP_ID and AGORA_BASE_URL."
        case CloudUnavailable() if error.http_status is None:
            return (
                "The cloud can't be reached. Check AGORA_BASE_URL, this machine's network, and its "
                "firewall or proxy."
            )
        case CloudUnavailable() | CloudFailed():
            return f"The cloud has trouble itself ({error}); it is asked again."
    return f"The cloud refused: {error}"
