"""Celery tasks of reports. Celery finds tasks only in modules with this name.

The database contains what is due, so a lost message only delays the work.
"""

from __future__ import annotations

from celery import shared_task

from classroom_admin.reports import summaries
from classroom_admin.reports.export_tasks import run_exports, tidy_exports
from classroom_admin.rooms.models import Room
from classroom_admin.sync.tasks import only_one

__all__ = ["refresh", "run_exports", "tidy_exports"]
REFRESH_IN_TASK_S = 2.0


@shared_task(name="reports.refresh")
def refresh(within_s: float = REFRESH_IN_TASK_S) -> int:
    """Make missing and outdated summaries for about `within_s` seconds, newest classes first.

    Return how many were made. Only one process does this at a time.
    """
    with only_one("reports") as mine:
        return summaries.refresh_outdated(Room.objects.all(), within_s=within_s) if mine else 0
