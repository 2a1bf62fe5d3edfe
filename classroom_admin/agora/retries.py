"""Decide when to retry a call, and which host to try first."""

import random
import threading
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

MOST_TRIES: Final = 3
FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 4.0
LONGEST_RETRY_AFTER_S: Final = 10.0  # if the cloud asks for more, do not wait: raise the error
HOST_DOWN_S: Final = 60.0


def wait_before(try_number: int, *, rng: random.Random) -> float:
    """Return the seconds to wait before a try. `try_number` 2 is the first retry.

    The wait is random. Its limit begins at 0.25 s and doubles with each try, up to 4 s. The wait is at least
    half the limit.
    """
    whole = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (try_number - 2))
    return whole * (0.5 + rng.random() / 2)


def read_retry_after(header: str | None, *, now_s: float) -> float | None:
    """Return the seconds in a `Retry-After` header, or None if it is invalid.

    For an HTTP date, return the time from `now_s` (cloud time) to the date.
    """
    if header is None:
        return None
    header = header.strip()
    try:
        seconds = float(header)
    except ValueError:
        date_s = read_http_date(header)
        return None if date_s is None else max(0.0, date_s - now_s)
    return seconds if 0 <= seconds < float("inf") else None


def read_http_date(header: str | None) -> float | None:
    """Convert an HTTP date to seconds since 1970-01-01 UTC. Return None if it is invalid."""
    if not header:
        return None
    try:
        date = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


class Hosts:
    """The cloud's hosts in the order to try them. A host that failed moves to the end for a minute."""

    def __init__(self, *urls: str, monotonic: Callable[[], float]) -> None:
        self._urls = list(dict.fromkeys(url.rstrip("/") for url in urls if url))
        self._monotonic = monotonic
        self._down_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def in_order(self) -> list[str]:
        now = self._monotonic()
        with self._lock:
            return sorted(self._urls, key=lambda url: self._down_until.get(url, 0.0) > now)

    def answered(self, url: str) -> None:
        with self._lock:
            self._down_until.pop(url, None)

    def failed(self, url: str) -> None:
        with self._lock:
            self._down_until[url] = self._monotonic() + HOST_DOWN_S
