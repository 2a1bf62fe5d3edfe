"""How fresh the pages are: when the cloud last answered a poll."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Subquery
from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.sync.models import Lease


def brought_along() -> dict[str, Any]:
    """Return the annotations `polled_at` and `poll_error` for a query that runs anyway."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return {
        "polled_at": Subquery(lease.values("last_good_at")[:1]),
        "poll_error": Subquery(lease.values("last_error")[:1]),
    }


def read() -> tuple[datetime | None, str]:
    """Return when the cloud last answered, and the stored problem since ("": none)."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return lease.values_list("last_good_at", "last_error").first() or (None, "")


def tell(
    answer: HttpResponse, polled_at: datetime | None, error: str | None = "", *, ticket: str = ""
) -> HttpResponse:
    """Add an event for the page's freshness chip to an answer, also where nothing else changed.

    An age in seconds, since the browser's clock may be wrong. `error` is a stored problem; the event calls it
    `trouble`, since htmx takes an `error` for one of its own and writes it to the console. `ticket`: with
    what the page may ask next.
    """
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    detail = {"age": age, "trouble": stored_in_words(error)} | ({"ticket": ticket} if ticket else {})
    return trigger_client_event(answer, "live:polled", detail)
