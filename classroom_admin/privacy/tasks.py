"""Celery tasks of privacy. Celery finds tasks only in modules with this name.

If a message is lost, the beat sends another message.
"""

from typing import Final

from celery import shared_task

from classroom_admin.common.one_thread import OneThread
from classroom_admin.privacy import retention
from classroom_admin.privacy.person_tasks import run_person_jobs, tidy_people

__all__ = ["retain", "run_person_jobs", "tidy_people"]
WORK_IN_TASK_S: Final = 5.0
_one_thread: Final = OneThread()


@shared_task(name="privacy.retain")
def retain(within_s: float = WORK_IN_TASK_S) -> bool:
    """Begin or continue the nightly run if it is due. Return whether it is finished."""
    return bool(
        _one_thread.run(lambda: retention.is_due() and retention.work(retention.begin(), within_s=within_s))
    )
