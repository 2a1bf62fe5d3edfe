"""How old what we show is: when the cloud was last asked with success. The one seam to how polling goes."""

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
    """`polled_at` and `poll_error` as annotations, so that a query that runs anyway brings them along."""
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
    """Let the chip of the page know, also where nothing else changed.

    An age in seconds, since the browser's clock may be wrong. `error` is a stored problem; the event calls it
    `trouble`, since htmx takes an `error` for one of its own and writes it to the console. `ticket`: with
    what the page may ask next.
    """
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    told = {"age": age, "trouble": stored_in_words(error)} | ({"ticket": ticket} if ticket else {})
    return trigger_client_event(answer, "live:polled", told)
