"""Notice that the wall clock was set, or that the machine slept, and remember it for administrators.

Durations are measured with the monotonic clock, which neither does. The difference of the two clocks changes
at a jump. The last jump is kept in a file of `DATA_DIR`, because each server has a clock of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from classroom_admin.common import clock

SHORTEST_S: Final = 2.0
"""Smaller differences are corrections of a clock that runs too fast or too slow."""
SHOWN_FOR: Final = timedelta(days=1)
_FILE: Final = "clock_jump.json"


class JumpWatch:
    """An observer of a clock. Call `jumped_s` regularly."""

    def __init__(self, source: clock.Source | None = None) -> None:
        self._source = source or clock.SystemClock()
        self._difference_s = self._measure()

    def jumped_s(self) -> float:
        """Return by how many seconds the wall clock jumped since the last call, or 0. Back is negative."""
        before, self._difference_s = self._difference_s, self._measure()
        jump_s = self._difference_s - before
        return jump_s if abs(jump_s) >= SHORTEST_S else 0.0

    def _measure(self) -> float:
        return self._source.now_ms() / 1000 - self._source.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """A jump of the clock. `at` is the time after it."""

    at: datetime
    by_s: float

    @property
    def minutes(self) -> int:
        """Return the size of the jump in minutes, at least 1, without its direction."""
        return max(1, round(abs(self.by_s) / 60))

    @property
    def is_forward(self) -> bool:
        return self.by_s > 0


def remember(folder: Path, by_s: float) -> None:
    """Store a jump that has just happened. Raise ``OSError`` if the folder can't be written."""
    fresh = folder / f"{_FILE}.new"
    fresh.write_text(json.dumps({"at_ms": clock.now_ms(), "by_s": round(by_s, 1)}))
    fresh.replace(folder / _FILE)


def last(folder: Path) -> Jump | None:
    """Return the last jump if it was within a day, also if the clock was set back since. Else return None."""
    try:
        found = json.loads((folder / _FILE).read_text())
        jump = Jump(at=clock.from_ms(int(found["at_ms"])), by_s=float(found["by_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return jump if abs(clock.now() - jump.at) < SHOWN_FOR else None
