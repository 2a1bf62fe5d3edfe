"""Celery tasks about files. A message is a hint that may be lost, doubled or late: what is due stands in
the database, and the beat takes it up. Arguments are ids only.
"""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from classroom_admin.actions import held, uploads
from classroom_admin.actions.file_models import HeldDeletion

log = logging.getLogger(__name__)

_HINT_GOOD_FOR_S = 60


@shared_task(name="actions.send_held")
def send_held(pk: int | None = None) -> None:
    """Carry out a deletion whose time has come; without an id (the beat) all that are due."""
    held.send_due(pk=pk)


@shared_task(name="actions.tidy_files")
def tidy_files() -> None:
    """Forget the bytes of files that nobody needs any more."""
    uploads.tidy()


def hint_held(deletion: HeldDeletion) -> None:
    """Have it carried out on the second; where the broker is away, the beat does it a little later."""
    wait_s = held.HOLD.total_seconds()
    try:
        send_held.apply_async(
            args=(deletion.pk,), countdown=wait_s, expires=wait_s + _HINT_GOOD_FOR_S, retry=False
        )
    except OperationalError as error:
        log.warning("no hint could be sent, the beat will make it good: %s", error)
