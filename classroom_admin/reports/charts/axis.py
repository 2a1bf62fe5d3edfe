"""Compute axes: the stretch of time that a chart shows, its round times, and round upper limits of numbers.

Times are in ms since 1970 UTC, and positions on a time axis in whole seconds since its start.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

Span = Sequence[int | None]
"""A start and an end in ms. A start or an end of None is unknown, and lies outside the axis."""

_MARGIN_S: Final = 15 * 60
"""A chart of a class shows at most this much time before and after the class."""
_LEAST_S: Final = 60
# Each step divides the next one, so that a larger zoom only adds times between the others.
_STEPS_S: Final = (60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
_MOST_TICKS: Final = 12
_MOST_ZOOM: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A round time on the axis.

    `second` is its position, `at` the time for the browser, and `text` the time in UTC. There is space for it
    if the chart is enlarged `zoom` times (1, 2, 4, 8, 16) or more. `anchor` keeps the text inside the chart.
    """

    second: int
    at: str
    text: str
    x: str
    zoom: int
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """A stretch of time from `start_ms` that is `seconds` long."""

    start_ms: int
    seconds: int

    def second(self, ms: int | None, *, unknown: int = 0) -> int:
        """Return the position of a time in seconds, at most at an end of the axis. None gives `unknown`."""
        if ms is None:
            return unknown
        return max(0, min(self.seconds, round((ms - self.start_ms) / 1000)))

    def part(self, span: Span) -> tuple[int, int] | None:
        """Return the start and end in seconds of the part of `span` on the axis, or None."""
        start, end = self.second(span[0]), self.second(span[1], unknown=self.seconds)
        outside = (span[1] is not None and span[1] < self.start_ms) or (
            span[0] is not None and span[0] > self.start_ms + self.seconds * 1000
        )
        return None if outside or end < start else (start, end)

    def percent(self, second: float) -> str:
        """Return the position of a second as a part of the axis, such as ``12.5%``."""
        return percent(second / self.seconds)

    def at(self, second: int) -> datetime:
        """Return the time at a second of the axis."""
        return datetime.fromtimestamp(self.start_ms / 1000 + second, UTC)

    def ticks(self) -> list[Tick]:
        """Return the round times in order, with those that only a larger zoom shows."""
        found: dict[int, int] = {}
        for step in reversed(_STEPS_S):
            zoom = _zoom_for(self.seconds / step)
            if zoom <= _MOST_ZOOM:
                first = -(self.start_ms // 1000) % step
                for second in range(first, self.seconds + 1, step):
                    found.setdefault(second, zoom)
        return [self._tick(second, zoom) for second, zoom in sorted(found.items())]

    def _tick(self, second: int, zoom: int) -> Tick:
        when, share = self.at(second), second / self.seconds
        return Tick(
            second=second,
            at=when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            text=when.strftime("%H:%M"),
            x=percent(share),
            zoom=zoom,
            anchor="start" if share < 0.02 else "end" if share > 0.98 else "middle",
        )


def time_axis(start_ms: int | None, end_ms: int | None, spans: Iterable[Span]) -> TimeAxis:
    """Return the axis of a class from `start_ms` to `end_ms`.

    It also shows the parts of `spans` up to 15 minutes before and after. If the class has no start or end,
    `spans` give it.
    """
    known = [(one[0], one[1]) for one in spans]
    starts = [start for start, _end in known if start is not None]
    ends = [end for _start, end in known if end is not None]
    first = min(starts, default=None)
    last = max([*starts, *ends], default=None)
    start = start_ms if start_ms is not None else first if first is not None else end_ms or 0
    end = max(start, end_ms if end_ms is not None else last if last is not None else start)
    margin = _MARGIN_S * 1000
    shown_from = max(start - margin, min(start, start if first is None else first))
    shown_to = min(end + margin, max(end, end if last is None else last))
    begin = shown_from // 1000
    return TimeAxis(start_ms=begin * 1000, seconds=max(_LEAST_S, -(-shown_to // 1000) - begin))


def percent(share: float) -> str:
    """Return a share (0 to 1) as SVG reads it, such as ``12.5%``, with a decimal point in all languages."""
    return f"{round(100 * share, 2):g}%"


def round_limit(most: float) -> int:
    """Return the upper end of an axis for whole numbers up to `most`: 1, 2, 4, 6, 10 or a multiple of ten."""
    for limit in (1, 2, 4, 6, 10):
        if most <= limit:
            return limit
    step = 10 ** math.floor(math.log10(most))
    return next(int(step * factor) for factor in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10) if most <= step * factor)


def _zoom_for(ticks: float) -> int:
    return 1 if ticks <= _MOST_TICKS else int(2 ** math.ceil(math.log2(ticks / _MOST_TICKS)))
