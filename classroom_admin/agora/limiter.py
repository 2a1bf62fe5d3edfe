"""Limit the requests per second: the protocol, and a limiter for one process.

`sync.request_limiter` contains the limiter that all processes share.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from classroom_admin.agora.call import CloudCall


class RequestLimiter(Protocol):
    """A limit on requests. The client asks it before every request, including retries."""

    def wait_s(self, call: CloudCall[Any]) -> float:
        """Reserve one request and return the seconds to wait before sending it."""
        ...

    def free_for_background(self) -> int | None:
        """Return how many requests background work may send in the next second; None means no limit.

        This method never blocks.
        """
        ...


class ProcessLimiter:
    """A limiter that allows `per_second` requests at once, then one per `1 / per_second` s. 0: no limit."""

    def __init__(self, per_second: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gap_s = 1.0 / per_second if per_second > 0 else 0.0
        self._per_second = per_second
        self._burst_s = max(0.0, 1.0 - self._gap_s)
        self._monotonic = monotonic
        self._next_s = float("-inf")
        self._lock = threading.Lock()

    def wait_s(self, call: CloudCall[Any]) -> float:
        if not self._gap_s:
            return 0.0
        with self._lock:
            now = self._monotonic()
            turn = max(self._next_s, now - self._burst_s)
            self._next_s = turn + self._gap_s
            return max(0.0, turn - now)

    def free_for_background(self) -> int | None:
        if not self._gap_s:
            return None
        with self._lock:
            ahead_s = max(0.0, self._next_s - self._monotonic())
        return max(1, int(self._per_second * (1.0 - ahead_s)))
