"""How beat ends when it is asked to: after the tick that it is in.

Celery's own handler raises out of whatever the signal interrupts, which may be a message half sent to the
broker; that is then told as a failure, though nothing is wrong.
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
