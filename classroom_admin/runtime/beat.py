"""End Celery beat after its current tick.

Celery's own handler raises an exception wherever the signal interrupts it, perhaps while it sends a message
to the broker, which is then logged as a failure.
"""

from __future__ import annotations

import signal
from types import FrameType

from celery.apps.beat import Beat
from celery.beat import Service


class EndingBeat(Beat):
    """Beat that finishes its tick (at most its `--max-interval`, s) and saves its schedule before it ends."""

    def install_sync_handler(self, service: Service) -> None:
        def end(signum: int, frame: FrameType | None) -> None:
            service.stop()

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, end)
