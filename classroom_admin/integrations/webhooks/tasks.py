"""Celery tasks of outgoing webhooks. If a message is lost, the beat sends another message."""

from __future__ import annotations

import threading
from typing import Final

from celery import shared_task

from classroom_admin.actions import scheduled
from classroom_admin.integrations.webhooks import deliveries, upkeep
from classroom_admin.integrations.webhooks.receiving import DELIVER

_one_at_a_time: Final = threading.Lock()
"""One thread per worker waits for receivers, so that slow receivers leave threads for the sync of events."""


@shared_task(name=DELIVER)
def deliver(_first: int | None = None) -> None:
    """Send the due messages, and give up those that are too old."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        upkeep.give_up_old()
        more = deliveries.work()
    finally:
        _one_at_a_time.release()
    if more:
        scheduled.wake_up(DELIVER)


@shared_task(name="webhooks.tidy")
def tidy() -> None:
    """Delete old records of messages."""
    upkeep.delete_old()
