"""Celery tasks of exports and erasures of people. If a message is lost, the beat sends another message."""

import threading
from typing import Final

from celery import shared_task

from classroom_admin.common import disk_space
from classroom_admin.privacy import person_jobs

_one_at_a_time: Final = threading.Lock()


@shared_task(name=person_jobs.RUN)
def run_person_jobs(first: int | None = None) -> None:
    """Do the due exports and erasures, first the one with the id `first` if it is due.

    While disk space is scarce, they wait.
    """
    if disk_space.is_low() or not _one_at_a_time.acquire(blocking=False):
        return
    try:
        more = person_jobs.work(first=first)
    finally:
        _one_at_a_time.release()
    if more:
        person_jobs.wake_up()


@shared_task(name="privacy.tidy_people")
def tidy_people() -> None:
    """Delete the files of exports that have expired."""
    person_jobs.tidy()
