"""A clock that tests stop and step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from classroom_admin.common import clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SourceT = TypeVar("SourceT", bound=clock.Source)


class SteppedClock:
    """A clock that changes only when `step` or `set_wall` is called. It is thread-safe.

    Raise ``ValueError`` if ``start`` has no time zone.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("SteppedClock needs a start with a time zone")
        self._lock = threading.Lock()
        self._now_ms = (start - EPOCH) // timedelta(milliseconds=1)
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        with self._lock:
            return self._now_ms

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic_ms / 1000

    def step(self, seconds: float) -> None:
        """Advance both clocks by ``seconds``, rounded to 1 ms. Raise ``ValueError`` if it is negative."""
        if seconds < 0:
            raise ValueError("a clock can't be stepped back; use set_wall to correct the wall clock")
        with self._lock:
            self._now_ms += round(seconds * 1000)
            self._monotonic_ms += round(seconds * 1000)

    def set_wall(self, when: datetime) -> None:
        """Set the wall clock, as a system administrator would. Do not change the monotonic time.

        Raise ``ValueError`` if ``when`` has no time zone.
        """
        if when.tzinfo is None:
            raise ValueError("set_wall needs a time with a time zone")
        with self._lock:
            self._now_ms = (when - EPOCH) // timedelta(milliseconds=1)


@contextmanager
def use(source: SourceT) -> Iterator[SourceT]:
    """Use ``source`` for the time during the ``with`` block, in every thread of the process."""
    before = clock.install(source)
    try:
        yield source
    finally:
        clock.install(before)
