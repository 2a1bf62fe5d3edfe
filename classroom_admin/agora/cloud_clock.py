"""How far the cloud's clock is from ours, told from the envelopes' `ts`. Pure, thread-safe."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

KEPT: Final = 16
OLDEST_MS: Final = 120_000
ROUGH_MS: Final = 50
"""So far two answers may contradict each other before a clock is taken to have been put right."""


@dataclass(frozen=True, slots=True)
class _Sample:
    offset_ms: float
    took_ms: float
    at_ms: int


class CloudClock:
    """The offset by the quickest of the last answers.

    The cloud wrote `ts` somewhere between our sending and our receiving, so an answer that took long says
    little: of the last 16 answers within two minutes the quickest counts, with the middle of its way. One
    that contradicts it by more than both their ways explain means that a clock was put right: what was known
    before is forgotten.
    """

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    @property
    def offset_ms(self) -> int | None:
        """The cloud's clock minus ours (ms); None before the first answer."""
        with self._lock:
            return round(self._best().offset_ms) if self._samples else None

    def note(self, ts_ms: int, *, received_at_ms: int, took_ms: float = 0) -> None:
        """Learn from one answer: the cloud's `ts`, and by our clock when it came and how long it took."""
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
