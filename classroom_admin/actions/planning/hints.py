"""Tell a worker that there is something to make. A lost hint costs seconds: beat looks every few."""

import logging
from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
MAKE: Final = "actions.make_planned"
EXPIRES_S: Final = 30


def make(series_id: int) -> None:
    """Have the classes of a series made that are due."""
    try:
        current_app.send_task(MAKE, args=(series_id,), expires=EXPIRES_S, retry=False)
    except OperationalError as error:
        log.warning("no hint could be sent, the beat will make it good: %s", error)
