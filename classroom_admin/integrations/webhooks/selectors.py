"""Read what pages and checks show about outgoing webhooks."""

from __future__ import annotations

from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet

from classroom_admin.common import clock
from classroom_admin.integrations.webhooks.deliveries import State
from classroom_admin.integrations.webhooks.models import Attempt, Delivery, Endpoint

LOG_ROWS: Final = 50


def endpoints() -> QuerySet[Endpoint]:
    """Return all endpoints, each with `waiting`, the number of its messages that are not delivered yet."""
    open_ones = Q(deliveries__state__in=(State.WAITING, State.CLAIMED))
    return Endpoint.objects.annotate(waiting=Count("deliveries", filter=open_ones)).order_by("pk")


def troubled() -> list[Endpoint]:
    """Return the endpoints that were switched off because they failed, and those that fail now."""
    off = Q(is_on=False, off_reason=Endpoint.Off.FAILING)
    return list(Endpoint.objects.filter(off | Q(is_on=True, failing_since__isnull=False)).order_by("pk"))


def log(endpoint: Endpoint, *, before: int | None = None) -> tuple[list[Delivery], int | None]:
    """Return messages of an endpoint, the newest first, with their attempts.

    `before` is the primary key of the last message of the page before. The second value is that of this page,
    or None if there are no older messages.
    """
    rows = endpoint.deliveries.select_related("notice", "room").order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    attempts = Prefetch("attempts", Attempt.objects.order_by("pk"))
    found = list(rows.prefetch_related(attempts)[: LOG_ROWS + 1])
    more = len(found) > LOG_ROWS
    return found[:LOG_ROWS], found[LOG_ROWS - 1].pk if more else None


def has_two_secrets(endpoint: Endpoint) -> bool:
    """Return whether requests are signed with the old secret, too."""
    until = endpoint.old_secret_until
    return bool(endpoint.old_secret) and until is not None and until > clock.now()
