"""Celery tasks of exports. If a message is lost, the beat sends another message."""

import threading
from typing import Final

from celery import shared_task

from classroom_admin.common import disk_space
from classroom_admin.reports.exports import all as _all  # noqa: F401 - registers the exports
from classroom_admin.reports.exports import jobs

_one_at_a_time: Final = threading.Lock()
"""One export per worker at a time, so that exports leave threads for the sync of events."""


@shared_task(name=jobs.RUN_EXPORTS)
def run_exports(first: int | None = None) -> None:
    """Make the due exports, first the one with the id `first` if it is due. While disk is scarce, wait."""
    if disk_space.is_low() or not _one_at_a_time.acquire(blocking=False):
        return
    try:
        more = jobs.work(first=first)
    finally:
        _one_at_a_time.release()
    if more:
        jobs.wake_up()


@shared_task(name="reports.tidy_exports")
def tidy_exports() -> None:
    """Delete the files of exports that have expired."""
    jobs.tidy()
