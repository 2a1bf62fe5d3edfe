"""Estimate the offset of the cloud's clock from the `ts` of responses. This module does no I/O."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

KEPT: Final = 16
OLDEST_MS: Final = 120_000
ROUGH_MS: Final = 50
"""The tolerance when two offsets are compared. A larger difference means that a clock was set."""


@dataclass(frozen=True, slots=True)
class _Sample:
    offset_ms: float
    took_ms: float
    at_ms: int


class CloudClock:
    """A thread-safe estimate of the clock offset, from the fastest recent response.

    The cloud sets `ts` at an unknown moment between request and response, so a slow response is imprecise.
    The estimate uses the fastest of the last 16 responses of the last two minutes. It assumes that the cloud
    set `ts` halfway between request and response. If a new offset contradicts the estimate, a clock was set.
    Older responses are then discarded.
    """

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    @property
    def offset_ms(self) -> int | None:
        """Return cloud time minus our time (ms), or None before the first response."""
        with self._lock:
            return round(self._best().offset_ms) if self._samples else None

    def note(self, ts_ms: int, *, received_at_ms: int, took_ms: float = 0) -> None:
        """Add a response: its `ts` (cloud time), time of receipt (our time) and duration, all in ms."""
        new = _Sample(ts_ms - received_at_ms + took_ms / 2, took_ms, received_at_ms)
        with self._lock:
            if self._samples:
                best = self._best()
                explained = (best.took_ms + new.took_ms) / 2 + ROUGH_MS
                if abs(best.offset_ms - new.offset_ms) > explained:
                    self._samples.clear()
            self._samples.append(new)
            while abs(self._samples[0].at_ms - received_at_ms) > OLDEST_MS:
                self._samples.popleft()

    def _best(self) -> _Sample:
        return min(self._samples, key=lambda sample: sample.took_ms)
