"""Store a delivery for each endpoint that wants a notice."""

from __future__ import annotations

from classroom_admin.actions import scheduled
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.receivers import receiver
from classroom_admin.integrations.webhooks.models import Delivery, Endpoint

DELIVER = "webhooks.deliver"


@receiver("webhooks")
def store_deliveries(notice_ids: list[int]) -> None:
    """Store the deliveries of new notices. The order of their ids is the order of the notices."""
    endpoints = list(Endpoint.objects.filter(is_on=True))
    if not endpoints:
        return
    notices = Notice.objects.filter(pk__in=notice_ids).order_by("pk")
    new = [
        Delivery(endpoint=endpoint, notice=notice, room_id=notice.room_id, number=notice.number)
        for notice in notices
        for endpoint in endpoints
        if notice.kind in endpoint.kinds
    ]
    if Delivery.objects.bulk_create(new, ignore_conflicts=True):
        scheduled.wake_up(DELIVER)
