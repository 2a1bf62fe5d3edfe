"""The one place the house reads the time from.

Everything that stamps, schedules or measures asks here, so that a test can stand still and step;
``AGORA_CLOCK_URL`` (for tests only) installs a source that follows the simulator's clock.

Two times, then: ``now`` is this machine's, for what happens here (records, leases, how old an answer is);
``cloud_now`` is the cloud's, for whatever is compared with a time that the cloud told (a class's start and
end, a removal).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

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


class SimulatorClock:
    """The clock of a simulated cloud, asked over HTTP each time: both step together. For tests only.

    ``url`` is the simulator's address; one that is not on this machine: ``ValueError``. A simulator that does
    not answer: ``OSError``. Durations are the machine's own, so that nothing waits for a clock that stands.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not _is_loopback(parts.hostname or "") or parts.port is None:
            raise ValueError(f"{url!r} is not a simulator on this machine, like http://127.0.0.1:8900")
        self._host, self._port = parts.hostname or "", parts.port
        self._local = threading.local()

    def now_ms(self) -> int:
        try:
            return self._ask()
        except (http.client.HTTPException, ConnectionError):
            self._local.connection.close()  # it was idle for too long: once more on a new one
            return self._ask()

    def monotonic(self) -> float:
        return time.monotonic()

    def _ask(self) -> int:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(
                self._host, self._port, timeout=5
            )
        connection.request("GET", "/_sim/clock")
        return int(json.loads(connection.getresponse().read())["nowMs"])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


SourceT = TypeVar("SourceT", bound=Source)
_source: Source = SystemClock()


def _unknown_offset_ms() -> int:
    return 0


_read_cloud_offset_ms: Callable[[], int] = _unknown_offset_ms


def now() -> datetime:
    """The present moment, UTC, aware, to the millisecond (as fine as the cloud's own stamps)."""
    return from_ms(_source.now_ms())


def now_ms() -> int:
    """The present moment as milliseconds since 1970-01-01 UTC."""
    return _source.now_ms()


def cloud_now() -> datetime:
    """The present moment by the cloud's clock, as far as it is known (else by ours)."""
    return from_ms(now_ms() + cloud_offset_ms())


def cloud_offset_ms() -> int:
    """The cloud's clock minus ours; 0 where it is not known. At most one query a second in a process."""
    return _read_cloud_offset_ms()


def as_cloud_time(ours: datetime) -> datetime:
    """A moment of our clock as the cloud's clock showed it."""
    return ours + timedelta(milliseconds=cloud_offset_ms())


def as_our_time(clouds: datetime) -> datetime:
    """A moment of the cloud's clock as ours showed it."""
    return clouds - timedelta(milliseconds=cloud_offset_ms())


def follow_cloud(read_offset_ms: Callable[[], int]) -> None:
    """Say where the offset is read from: who talks to the cloud knows it, and that is a floor above."""
    global _read_cloud_offset_ms
    _read_cloud_offset_ms = read_offset_ms


def install(source: Source) -> None:
    """Read the time from ``source`` from now on, in the whole process."""
    global _source
    _source = source


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
