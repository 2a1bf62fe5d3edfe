"""Celery tasks of exports. If a message is lost, the beat sends another message."""

from typing import Final

from celery import shared_task

from classroom_admin.common import disk_space
from classroom_admin.common.one_thread import OneThread
from classroom_admin.reports.exports import all as _all  # noqa: F401 - registers the exports
from classroom_admin.reports.exports import jobs

_one_thread: Final = OneThread()
"""One export per worker at a time, so that exports leave threads for the sync of events."""


@shared_task(name=jobs.RUN_EXPORTS)
def run_exports(first: int | None = None) -> None:
    """Make the due exports, first the one with the id `first` if it is due. While disk is scarce, wait."""
    if not disk_space.is_low() and _one_thread.run(lambda: jobs.work(first=first)):
        jobs.wake_up()


@shared_task(name="reports.tidy_exports")
def tidy_exports() -> None:
    """Delete the files of exports that have expired."""
    jobs.tidy()
