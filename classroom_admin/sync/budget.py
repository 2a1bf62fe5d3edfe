"""How many requests background work may send, so that people's commands and the poll come first.

The client's own budget bounds what a process sends in all; this bounds what hole filling, sweeping and
reading back take of it together.
"""

from __future__ import annotations

import threading

from classroom_admin.common import clock

BACKGROUND_SHARE = 0.75
"""Of the requests per second; the rest is for commands and the poll."""


class Allowance:
    """A token bucket: `per_second` requests, up to one second's worth at once; 0 lifts the bound.
    Thread-safe.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = max(1.0, per_second)
        self._filled_at = clock.monotonic()
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """True when the next request has to wait."""
        return self.whole == 0

    @property
    def whole(self) -> int | None:
        """Requests that may be sent now; None: no bound."""
        if self._per_second <= 0:
            return None
        with self._lock:
            now = clock.monotonic()
            gained = max(0.0, now - self._filled_at) * self._per_second
            self._left = min(max(1.0, self._per_second), self._left + gained)
            self._filled_at = now
            return max(0, int(self._left))

    def take(self, requests: int) -> None:
        """Note requests that were sent; more than were left makes the next ones wait longer."""
        with self._lock:
            self._left -= requests


_shared: dict[float, Allowance] = {}
_making = threading.Lock()


def background(requests_per_second: float) -> Allowance:
    """The process's one allowance for background work under this bound."""
    with _making:
        if requests_per_second not in _shared:
            _shared[requests_per_second] = Allowance(requests_per_second * BACKGROUND_SHARE)
        return _shared[requests_per_second]
