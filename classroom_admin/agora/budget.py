"""How many requests a second this process may send. A shared budget over several processes can take its
place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from classroom_admin.agora.calls import Call


class Budget(Protocol):
    """Asked before each request that goes out, repeats included."""

    def wait_s(self, call: Call) -> float:
        """Reserve one request and say how many seconds it must wait for its turn (0: now)."""
        ...


class ProcessBudget:
    """Evenly refilled: up to one second's worth at once, then one every ``1 / per_second``. 0 lifts the
    bound.
    """

    def __init__(self, per_second: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gap_s = 1.0 / per_second if per_second > 0 else 0.0
        self._burst_s = max(0.0, 1.0 - self._gap_s)
        self._monotonic = monotonic
        self._next_s = float("-inf")
        self._lock = threading.Lock()

    def wait_s(self, call: Call) -> float:
        if not self._gap_s:
            return 0.0
        with self._lock:
            now = self._monotonic()
            turn = max(self._next_s, now - self._burst_s)
            self._next_s = turn + self._gap_s
            return max(0.0, turn - now)
