"""Celery tasks of notices. Each message is only a wake-up, which may be lost, repeated or late."""

from __future__ import annotations

from celery import shared_task

from classroom_admin.integrations.notices import alerts, attendance, receivers, recorder
from classroom_admin.sync.tasks import only_one


@shared_task(name=recorder.HAND_OVER)
def hand_over(_first: int | None = None) -> None:
    """Give the receivers the notices that they have not got yet. One process at a time does this."""
    with only_one("notices") as mine:
        if mine:
            receivers.hand_over()


@shared_task(name="notices.look")
def look() -> None:
    """Find ended classes whose attendance is ready, and classes with new alerts."""
    with only_one("notices_found") as mine:
        if mine:
            attendance.find_ready()
            alerts.find_raised()
