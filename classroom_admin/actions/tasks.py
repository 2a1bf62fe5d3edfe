"""Celery tasks that run commands, given by id. If a message is lost, the beat sends another message."""

import threading
from collections.abc import Collection
from typing import Any, Final

from celery import shared_task

from classroom_admin.accounts import api_tokens

# These modules register their handlers on import.
from classroom_admin.actions import (
    bulk,
    capability_tests,
    class_list_files,
    invitations,
    participants,
    scheduled,
    scheduling,
    series_changes,
)
from classroom_admin.actions.files import deletions, uploads
from classroom_admin.actions.scheduled import Kind

__all__ = [
    "bulk",
    "deletions",
    "invitations",
    "participants",
    "run_long",
    "run_scheduled",
    "scheduling",
    "series_changes",
    "test_capabilities",
    "tidy_files",
]

LONG_AT_ONCE: Final = 2
"""The number of threads per worker for long commands. More threads would only wait for the request limit, and
a slow cloud would leave none for other tasks.
"""
TIMED_AT_ONCE: Final = 4
"""The number of threads per worker for commands that are due at an exact second. `serve` polls in the same
worker, which has one thread more.
"""
_long_threads: Final = threading.BoundedSemaphore(LONG_AT_ONCE)
_timed_threads: Final = threading.BoundedSemaphore(TIMED_AT_ONCE)


@shared_task(name=scheduled.RUN_SCHEDULED)
def run_scheduled(first: int | None = None) -> None:
    """Run the due removals and deletions, first the command with the id ``first`` if it is due."""
    _work(_timed_threads, scheduled.TIMED, scheduled.RUN_SCHEDULED, first)


@shared_task(name=scheduled.RUN_LONG)
def run_long(first: int | None = None) -> None:
    """Run the due items of bulk actions, create due classes, and mail invitations.

    The command with the id ``first`` runs first if it is due.
    """
    _work(_long_threads, scheduled.LONG, scheduled.RUN_LONG, first)


def _work(threads: threading.BoundedSemaphore, kinds: Collection[Kind], task: str, first: int | None) -> None:
    """Run due commands. Do nothing if all `threads` are busy, because these will run all due commands."""
    if not threads.acquire(blocking=False):
        return
    try:
        more = scheduled.work(kinds, first=first)
    finally:
        threads.release()
    if more:
        scheduled.wake_up(task)


@shared_task(name="actions.tidy_files")
def tidy_files() -> None:
    """Delete the bytes of unneeded uploads, expired files of class lists, and old responses of the API."""
    uploads.tidy()
    class_list_files.delete_expired()
    api_tokens.forget_old_requests()


@shared_task(name="actions.test_capabilities")
def test_capabilities() -> None:
    """Test missing capabilities again, each at most once a day."""
    capability_tests.test_missing()


# Messages of earlier releases may still be in the broker. Their ids are not those of scheduled commands.
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
