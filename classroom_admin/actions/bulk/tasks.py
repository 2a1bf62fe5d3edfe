"""Celery tasks of runs. Messages are hints: what is to be done stands in the database."""

from __future__ import annotations

import logging
from typing import Any, Final

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from classroom_admin.actions.bulk import carrying

log = logging.getLogger(__name__)

WORK_S: Final = 4.0
"""So long a task works before others may have the worker; a worker that is asked to end has seven."""
AT_ONCE: Final = 2
"""Workers for one run: more would only wait for the cloud's budget, and single commands behind them."""
HINT_EXPIRES_S: Final = 30


@shared_task(name="actions.bulk_work")
def work(run_id: int) -> None:
    """Carry on with a run, and have it carried on."""
    if carrying.work(run_id, within_s=WORK_S):
        _hint(work, run_id)


@shared_task(name="actions.bulk_due")
def due() -> None:
    """Take up what lost hints and dead workers left behind."""
    for run_id in carrying.unfinished():
        carrying.work(run_id, within_s=WORK_S)


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
