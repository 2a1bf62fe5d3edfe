"""How old what we show is: when the cloud was last asked with success. The one seam to how polling goes."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Expression, Subquery
from django.http import HttpResponse
from django_htmx.http import trigger_client_event

from classroom_admin.core import clock
from classroom_admin.sync.models import Lease

FRESH_FOR_S = 10  # older than this: the chip warns
STALE_AFTER_S = 60  # older than this: what is shown may be wrong


def last_good_poll() -> Expression:
    """The time of the last good poll as an expression, so that a query that runs anyway brings it along."""
    return Subquery(Lease.objects.filter(app_id=settings.AGORA.app_id).values("last_good_at")[:1])


def read_last_good_poll() -> datetime | None:
    """The same by a query of its own."""
    return Lease.objects.filter(app_id=settings.AGORA.app_id).values_list("last_good_at", flat=True).first()


def tell(answer: HttpResponse, polled_at: datetime | None) -> HttpResponse:
    """Let the chip of the page know, also where nothing else changed.

    Told as an age in seconds as well: the browser's clock may be wrong.
    """
    age = None if polled_at is None else round((clock.now() - polled_at).total_seconds(), 1)
    return trigger_client_event(answer, "live:polled", {"age": age})
