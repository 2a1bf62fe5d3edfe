"""Celery tasks of outgoing webhooks. If a message is lost, the beat sends another message."""

from __future__ import annotations

from typing import Final

from celery import shared_task

from classroom_admin.actions import scheduled
from classroom_admin.common.one_thread import OneThread
from classroom_admin.integrations.webhooks import deliveries, upkeep
from classroom_admin.integrations.webhooks.receiving import DELIVER

_one_thread: Final = OneThread()
"""One thread per worker waits for receivers, so that slow receivers leave threads for the sync of events."""


@shared_task(name=DELIVER)
def deliver(_first: int | None = None) -> None:
    """Send the due messages, and give up those that are too old."""
    if _one_thread.run(_deliver):
        scheduled.wake_up(DELIVER)


def _deliver() -> bool:
    upkeep.give_up_old()
    return deliveries.work()


@shared_task(name="webhooks.tidy")
def tidy() -> None:
    """Delete old records of messages."""
    upkeep.delete_old()
