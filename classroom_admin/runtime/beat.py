"""End Celery beat after its current tick.

Celery's own signal handler raises an exception immediately. If beat is sending a message to the broker at
that moment, Celery logs a failure.
"""

import signal
from types import FrameType

from celery.apps.beat import Beat
from celery.beat import Service


class EndingBeat(Beat):
    """A Celery beat that saves its schedule and ends after at most `--max-interval` seconds."""

    def install_sync_handler(self, service: Service) -> None:
        def end(signum: int, frame: FrameType | None) -> None:
            service.stop()

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, end)
