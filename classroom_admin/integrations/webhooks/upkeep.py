"""Give up messages that are too old, and delete old records of deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from classroom_admin.common import clock
from classroom_admin.integrations.webhooks.deliveries import TRIED_FOR, State
from classroom_admin.integrations.webhooks.models import Delivery

KEPT_FOR: Final = timedelta(days=30)
"""How long the log of an endpoint has a message that is delivered or given up."""
AT_ONCE: Final = 500


def give_up_old() -> int:
    """Mark messages as failed that waited too long, such as those of an endpoint that is off.

    Return how many there were.
    """
    now = clock.now()
    old = Delivery.objects.filter(claimable_at__lte=now, queued_at__lte=now - TRIED_FOR)
    return old.update(state=State.FAILED, claimable_at=None, changed_at=now)


def delete_old() -> int:
    """Delete finished messages with their attempts. Return how many messages were deleted."""
    before = clock.now() - KEPT_FOR
    old = Delivery.objects.filter(claimable_at=None, changed_at__lt=before).order_by("pk")
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        Delivery.objects.filter(pk__in=ids).delete()
        count += len(ids)
    return count
