"""Celery tasks of exports and erasures of people. If a message is lost, the beat sends another message."""

from typing import Final

from celery import shared_task

from classroom_admin.common import disk_space
from classroom_admin.common.one_thread import OneThread
from classroom_admin.privacy import person_jobs

_one_thread: Final = OneThread()


@shared_task(name=person_jobs.RUN)
def run_person_jobs(first: int | None = None) -> None:
    """Do the due exports and erasures, first the one with the id `first` if it is due.

    While disk space is scarce, they wait.
    """
    if not disk_space.is_low() and _one_thread.run(lambda: person_jobs.work(first=first)):
        person_jobs.wake_up()


@shared_task(name="privacy.tidy_people")
def tidy_people() -> None:
    """Delete the files of exports that have expired."""
    person_jobs.tidy()
