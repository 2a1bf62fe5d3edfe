"""Read the time. All code uses this module, so tests can stop the clock and move it forward.

Use ``now``, this machine's time, for local data such as records and leases. Use ``cloud_now`` to compare with
times from the cloud, such as a class's start and end. ``AGORA_CLOCK_URL`` (for tests only) makes this module
read the simulator's clock.
"""

import http.client
import json
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from classroom_admin.common.addresses import is_loopback

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Protocol):
    def now_ms(self) -> int:
        """Return the current time in milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment, for measuring durations. They never decrease."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class SimulatorClock:
    """The clock of a simulated cloud, read over HTTP on every call. For tests only.

    Raise ``ValueError`` if ``url`` is not on this machine, and ``OSError`` if the simulator does not answer.
    ``monotonic`` uses this machine's clock, so it continues if the simulated clock is stopped.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not is_loopback(parts.hostname or "") or parts.port is None:
            raise ValueError(f"{url!r} is not a simulator on this machine, like http://127.0.0.1:8900")
        self._host, self._port = parts.hostname or "", parts.port

    def now_ms(self) -> int:
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=5)) as connection:
            connection.request("GET", "/_sim/clock")
            return int(json.loads(connection.getresponse().read())["nowMs"])

    def monotonic(self) -> float:
        return time.monotonic()


_source: Source = SystemClock()


def _unknown_offset_ms() -> int:
    return 0


_read_cloud_offset_ms: Callable[[], int] = _unknown_offset_ms


def now() -> datetime:
    """Return the current time as an aware UTC datetime, exact to the millisecond."""
    return from_ms(_source.now_ms())


def now_ms() -> int:
    """Return this machine's time in milliseconds since 1970-01-01 UTC."""
    return _source.now_ms()


def cloud_now() -> datetime:
    """Return the current cloud time, or this machine's time if the offset is unknown."""
    return from_ms(now_ms() + cloud_offset_ms())


def cloud_offset_ms() -> int:
    """Return cloud time minus our time (ms), or 0 if unknown. The value may be a second old."""
    return _read_cloud_offset_ms()


def as_cloud_time(ours: datetime) -> datetime:
    """Convert this machine's time to cloud time."""
    return ours + timedelta(milliseconds=cloud_offset_ms())


def as_our_time(clouds: datetime) -> datetime:
    """Convert cloud time to this machine's time."""
    return clouds - timedelta(milliseconds=cloud_offset_ms())


def follow_cloud(read_offset_ms: Callable[[], int]) -> None:
    """Set the function that reads the cloud's clock offset."""
    global _read_cloud_offset_ms
    _read_cloud_offset_ms = read_offset_ms


def install(source: Source) -> Source:
    """Use ``source`` as the clock of the whole process. Return the previous source."""
    global _source
    before, _source = _source, source
    return before


def monotonic() -> float:
    """Return seconds since an arbitrary moment, for measuring durations. They never decrease."""
    return _source.monotonic()


def from_ms(ms: int) -> datetime:
    """Convert milliseconds since 1970-01-01 UTC to a datetime. Raise ``OverflowError`` after year 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


def to_ms(moment: datetime) -> int:
    """Convert a datetime to milliseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 text in UTC, ending in Z. Return None if `moment` is None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
