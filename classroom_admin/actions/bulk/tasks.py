"""Celery tasks of runs. Messages are hints: what is to be done stands in the database."""

from __future__ import annotations

import logging
from typing import Any, Final

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from classroom_admin.actions.bulk import carrying
from classroom_admin.actions.places import Places
from classroom_admin.common import clock

log = logging.getLogger(__name__)

WORK_S: Final = 4.0
"""So long a task works before others may have the worker; a worker that is asked to end has seven."""
TURN_S: Final = 0.5
"""So long a run is worked at before the next run has its turn."""
AT_ONCE: Final = 2
"""Of a worker's threads, for all runs: more would only wait for the cloud's budget, and single commands
behind them; and with a slow cloud they would take the threads of everything else.
"""
HINT_EXPIRES_S: Final = 30
_PLACES: Final = Places(AT_ONCE)


@shared_task(name="actions.bulk_work")
def work(run_id: int) -> None:
    """Carry on with a run and, in turn, with the others, and have them carried on."""
    with _PLACES.taken() as mine:
        next_id = _take_turns(run_id) if mine else None
    if next_id is not None:
        _hint(work, next_id)


@shared_task(name="actions.bulk_due")
def due() -> None:
    """Take up what lost hints and dead workers left behind."""
    with _PLACES.taken() as mine:
        if mine:
            _take_turns(0)


def _take_turns(first: int) -> int | None:
    """Work at the unfinished runs, one after the other, from `first` on; whose turn is next, None where
    nothing waits.
    """
    ends_at = clock.monotonic() + WORK_S
    idle = 0
    while runs := _from(first):
        idle = 0 if carrying.work(runs[0], within_s=TURN_S) else idle + 1
        if idle >= len(runs):
            return None
        first = runs[1] if len(runs) > 1 else runs[0]
        if clock.monotonic() >= ends_at:
            return first
    return None


def _from(first: int) -> list[int]:
    """The unfinished runs in the order of their turns, beginning with `first` or the one after it."""
    runs = carrying.unfinished()
    return [run for run in runs if run >= first] + [run for run in runs if run < first]


def begin(run_id: int) -> None:
    """Have a run carried out at once instead of at the next beat."""
    for _ in range(AT_ONCE):
        if not _hint(work, run_id):
            return


def _hint(task: Task[Any, Any], *ids: int) -> bool:
    """Send a hint; False where the broker is away, which costs time but nothing else."""
    try:
        task.apply_async(args=ids, expires=HINT_EXPIRES_S, retry=False)
    except OperationalError as error:
        log.warning("no hint could be sent, the beat will make it good: %s", error)
        return False
    return True
