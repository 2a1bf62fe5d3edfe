"""Tell pages the age of their data: the time since the cloud last responded to a request for events."""

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
    """Return annotations that add the result of `read` to another query, so no separate query is needed."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return {
        "polled_at": Subquery(lease.values("last_good_at")[:1]),
        "poll_error": Subquery(lease.values("last_error")[:1]),
    }


def read() -> tuple[datetime | None, str]:
    """Return when the cloud last responded to the poller, and the problem since then ("" for none)."""
    lease = Lease.objects.filter(app_id=settings.AGORA.app_id)
    return lease.values_list("last_good_at", "last_error").first() or (None, "")


def tell(
    answer: HttpResponse, polled_at: datetime | None, error: str | None = "", *, ticket: str = ""
) -> HttpResponse:
    """Add the browser event `live:polled` to a response. The event updates the indicator of the data's age.

    The event contains the age in seconds, because the browser's clock may be wrong. `error` is the stored
    problem; its field is named `trouble`, because htmx would log a field named `error` to the console.
    `ticket` is the signed ticket for the page's next request.
    """
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    detail = {"age": age, "trouble": stored_in_words(error)} | ({"ticket": ticket} if ticket else {})
    return trigger_client_event(answer, "live:polled", detail)
