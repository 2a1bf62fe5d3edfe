"""The simulator's own time: real, faster, or moved by hand."""

import time
from collections.abc import Callable
from typing import Literal

Mode = Literal["real", "stepped"]

STEPPED_START_MS = 1_767_225_600_000
"""Where a stepped clock begins unless told otherwise: 2026-01-01T00:00:00Z, so that two runs agree to the
byte."""


class SimClock:
    """Milliseconds since the epoch, UTC, as the simulated cloud sees them.

    ``real`` follows the machine's monotonic clock times ``speed``; ``stepped`` stands still until ``step``
    is called. It never runs backwards: changing the mode or the speed goes on from the present moment.
    """

    def __init__(
        self,
        *,
        mode: Mode = "real",
        speed: float = 1.0,
        start_ms: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if start_ms is None:
            start_ms = STEPPED_START_MS if mode == "stepped" else int(wall() * 1000)
        self._monotonic = monotonic
        self._anchor_ms = start_ms
        self._anchor = monotonic()
        self.mode: Mode = mode
        self.speed = _checked_speed(speed)
        self.started_ms = start_ms

    def now_ms(self) -> int:
        if self.mode == "stepped":
            return self._anchor_ms
        return self._anchor_ms + int((self._monotonic() - self._anchor) * 1000 * self.speed)

    def change(
        self, *, mode: Mode | None = None, speed: float | None = None, at_ms: int | None = None
    ) -> None:
        """Go on from now (or ``at_ms``) in another mode or at another speed. ValueError: no such speed."""
        checked = self.speed if speed is None else _checked_speed(speed)
        self._anchor_ms = self.now_ms() if at_ms is None else at_ms
        self._anchor = self._monotonic()
        self.mode = mode or self.mode
        self.speed = checked

    def step(self, milliseconds: int) -> int:
        """Move a stepped clock forward and return the new time. ValueError when it is not stepped or would
        go back."""
        if self.mode != "stepped":
            raise ValueError("the clock runs by itself: set its mode to stepped first")
        if milliseconds < 0:
            raise ValueError("the clock cannot go back")
        self._anchor_ms += milliseconds
        return self._anchor_ms

    def as_dict(self) -> dict[str, object]:
        return {"mode": self.mode, "speed": self.speed, "nowMs": self.now_ms(), "startedMs": self.started_ms}


def _checked_speed(speed: float) -> float:
    if not speed > 0:
        raise ValueError("speed must be above 0")
    return float(speed)
