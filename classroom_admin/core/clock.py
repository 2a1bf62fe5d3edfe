"""The one place the house reads the time from.

Everything that stamps, schedules or measures asks here, so that a test can stand still and step. Later
``AGORA_CLOCK_URL`` (for tests only) will install a source that follows the simulator's clock; nothing that
reads the time needs to change for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Protocol):
    """Where time comes from."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never go back: for durations only."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class SteppedClock:
    """A clock that stands still until it is stepped; may be shared between threads.

    ``start`` must carry a time zone (``ValueError`` otherwise).
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("SteppedClock needs a start with a time zone")
        self._lock = threading.Lock()
        self._now_ms = (start - _EPOCH) // timedelta(milliseconds=1)
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        with self._lock:
            return self._now_ms

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic_ms / 1000

    def step(self, seconds: float) -> None:
        """Move on by so many seconds (to the millisecond). Less than 0: ``ValueError``; see ``set_wall``."""
        if seconds < 0:
            raise ValueError("a clock is not stepped back; use set_wall for a wall clock that was put right")
        with self._lock:
            self._now_ms += round(seconds * 1000)
            self._monotonic_ms += round(seconds * 1000)

    def set_wall(self, when: datetime) -> None:
        """Put the wall clock to another time, back or forth, as an administrator would; monotonic stays."""
        if when.tzinfo is None:
            raise ValueError("set_wall needs a time with a time zone")
        with self._lock:
            self._now_ms = (when - _EPOCH) // timedelta(milliseconds=1)


SourceT = TypeVar("SourceT", bound=Source)
_source: Source = SystemClock()


def now() -> datetime:
    """The present moment, UTC, aware, to the millisecond (as fine as the cloud's own stamps)."""
    return from_ms(_source.now_ms())


def now_ms() -> int:
    """The present moment as milliseconds since 1970-01-01 UTC."""
    return _source.now_ms()


def monotonic() -> float:
    """Seconds for measuring how long something took; never goes back."""
    return _source.monotonic()


def from_ms(ms: int) -> datetime:
    """Milliseconds since 1970-01-01 UTC as an aware UTC datetime. ``OverflowError`` beyond the year 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


@contextmanager
def use(source: SourceT) -> Iterator[SourceT]:
    """Read the time from ``source`` while the block runs, in every thread of the process; then as before."""
    global _source
    before = _source
    _source = source
    try:
        yield source
    finally:
        _source = before
