"""Celery tasks of the commands. Arguments are ids only; a lost message is made good by the beat."""

from __future__ import annotations

import threading
from typing import Any, Final

from celery import shared_task

# The topics register their handlers when they are imported.
from classroom_admin.actions import bulk, participants, scheduled, scheduling
from classroom_admin.actions.files import deletions, uploads

__all__ = ["bulk", "deletions", "participants", "run_long", "run_scheduled", "scheduling", "tidy_files"]

LONG_AT_ONCE: Final = 2
"""Threads of a worker that run long commands. More would only wait for the cloud's request budget, and with a
slow cloud they would take the threads of everything else.
"""
_long_threads: Final = threading.BoundedSemaphore(LONG_AT_ONCE)


@shared_task(name=scheduled.RUN_SCHEDULED)
def run_scheduled(first: int | None = None) -> None:
    """Run the removals and deletions that are due, best the one with the id ``first`` before the others."""
    if scheduled.work(scheduled.TIMED, first=first):
        scheduled.wake_up(scheduled.RUN_SCHEDULED)


@shared_task(name=scheduled.RUN_LONG)
def run_long(first: int | None = None) -> None:
    """Run the items of bulk actions and create the classes that are due; ``first`` as above.

    Does nothing where all threads for it are busy: they take up what is due.
    """
    if not _long_threads.acquire(blocking=False):
        return
    try:
        more = scheduled.work(scheduled.LONG, first=first)
    finally:
        _long_threads.release()
    if more:
        scheduled.wake_up(scheduled.RUN_LONG)


@shared_task(name="actions.tidy_files")
def tidy_files() -> None:
    """Delete the bytes of files that nobody needs any more."""
    uploads.tidy()


# Messages of earlier releases may still be in the broker. Their ids mean nothing in the one table.
_EARLIER_NAMES: Final = {
    "actions.due_removals": run_scheduled,
    "actions.carry_out_removal": run_scheduled,
    "actions.send_held": run_scheduled,
    "actions.bulk_due": run_long,
    "actions.bulk_work": run_long,
    "actions.make_planned": run_long,
}


def _run_instead(task: Any) -> Any:
    def earlier_name(*_ids: int) -> None:
        task()

    return earlier_name


for _name, _task in _EARLIER_NAMES.items():
    shared_task(name=_name)(_run_instead(_task))
