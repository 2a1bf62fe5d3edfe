"""End Celery beat after its current tick, and keep it working when the wall clock is set back.

Celery's own signal handler raises an exception immediately. If beat is sending a message to the broker at
that moment, Celery logs a failure.
"""

import logging
import signal
from types import FrameType
from typing import Any

from celery.apps.beat import Beat
from celery.beat import PersistentScheduler, ScheduleEntry, SchedulingError, Service
from django.conf import settings

from classroom_admin.common import clock_jumps
from classroom_admin.common.broker_errors import BROKER_ERRORS

log = logging.getLogger(__name__)


class EndingBeat(Beat):
    """A Celery beat that saves its schedule and ends after at most `--max-interval` seconds."""

    def install_sync_handler(self, service: Service) -> None:
        def end(signum: int, frame: FrameType | None) -> None:
            service.stop()

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, end)


class SteadyScheduler(PersistentScheduler):
    """Celery's scheduler, which continues after the wall clock was set back.

    Celery compares the time of a task's last run with the current time. After a jump of an hour back, it
    would send no task for an hour. Here, no last run is later than now.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._watch = clock_jumps.JumpWatch()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self.forget_the_future()  # the clock may have been set back while beat did not run

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if jump_s := self._watch.jumped_s():
            self._note(jump_s)
            self.forget_the_future()
            self.populate_heap()
        return float(super().tick(*args, **kwargs))

    def forget_the_future(self) -> None:
        """Let no last run of a task be later than now."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at is not None and entry.last_run_at > now:
                entry.last_run_at = now

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send a task. Log a broker that is away in one line. Celery would add two stack traces."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if isinstance(error.__context__, BROKER_ERRORS):
                log.error("no work starts, because the broker takes no messages: %s", error.__context__)
            else:
                log.exception("a periodic task could not be sent")

    def _note(self, jump_s: float) -> None:
        forward = jump_s > 0
        log.warning(
            "the clock of this machine jumped %s by %.0f s%s",
            "forward" if forward else "back",
            abs(jump_s),
            " (it was set, or the machine slept)" if forward else "",
        )
        try:
            clock_jumps.remember(settings.DATA_DIR, jump_s)
        except OSError as error:
            log.warning("the jump of the clock can't be stored for the page of settings: %s", error)
