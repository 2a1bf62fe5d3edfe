"""The simulator's clock. It follows real time, runs faster, or moves only when a test steps it."""

import time
from collections.abc import Callable
from typing import Literal

Mode = Literal["real", "stepped"]

STEPPED_START_MS = 1_767_225_600_000
"""The default start of a stepped clock (2026-01-01T00:00:00Z). It is fixed, so two runs are identical."""


class SimClock:
    """The clock of the simulated cloud, in milliseconds since the epoch (UTC).

    In ``real`` mode, it runs ``speed`` times as fast as the clock of the machine. In ``stepped`` mode, only
    ``step`` moves it. It never runs backwards.
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
        """Change the mode or the speed. Continue from the current time or ``at_ms``.

        Raise ValueError if the speed is not valid.
        """
        checked = self.speed if speed is None else _checked_speed(speed)
        self._anchor_ms = self.now_ms() if at_ms is None else at_ms
        self._anchor = self._monotonic()
        self.mode = mode or self.mode
        self.speed = checked

    def step(self, milliseconds: int) -> int:
        """Move a stepped clock forward. Return the new time in milliseconds.

        Raise ValueError if the clock is not stepped or would run backwards.
        """
        if self.mode != "stepped":
            raise ValueError("the clock is running: set its mode to stepped first")
        if milliseconds < 0:
            raise ValueError("the clock cannot run backwards")
        self._anchor_ms += milliseconds
        return self._anchor_ms

    def as_dict(self) -> dict[str, object]:
        return {"mode": self.mode, "speed": self.speed, "nowMs": self.now_ms(), "startedMs": self.started_ms}


def _checked_speed(speed: float) -> float:
    if not speed > 0:
        raise ValueError("speed must be above 0")
    return float(speed)
