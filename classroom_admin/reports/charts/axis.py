"""Compute axes: the stretch of time that a chart shows, its round times, and round upper limits of numbers.

Times are in ms since 1970 UTC, and positions on a time axis in whole seconds since its start.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

Span = Sequence[int | None]
"""A start and an end in ms. A start or an end of None is unknown, and lies outside the axis."""

_MARGIN_S: Final = 15 * 60
"""A chart of a class shows at most this much time before and after the class."""
_LEAST_S: Final = 60
_SPACE: Final = 0.03
_HALF_LABEL: Final = 0.025
"""The space at each end of the axis, and half the width of a label, as shares of the axis."""
# Each step divides the next one, so that a larger zoom only adds times between the others.
_STEPS_S: Final = (60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
_MOST_TICKS: Final = 12
_MOST_ZOOM: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time: `at` for the browser, which writes it in the person's zone, and `text` in UTC."""

    at: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A round time on the axis.

    `second` is its position, `at` the time for the browser, and `text` the time in UTC. There is space for it
    if the chart is enlarged `zoom` times (1, 2, 4, 8, 16) or more, or never if `zoom` is 0.
    """

    second: int
    at: str
    text: str
    x: str
    zoom: int


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

    def moment(self, second: int) -> Moment:
        """Return the time at a second of the axis. Its text has a day if that is not the day of the start."""
        start = self.start_ms // 1000
        day, clock = _day(start + second), _clock(start + second)
        text = f"{clock[:5]} UTC" if day == _day(start) else f"{day:%-d %b}, {clock[:5]} UTC"
        return Moment(at=f"{day}T{clock}Z", text=text)

    def ticks(self) -> list[Tick]:
        """Return the round times in order, with those that only a larger zoom shows."""
        found: dict[int, int] = {}
        for step in reversed(_STEPS_S):
            zoom = fitting_zoom(self.seconds / step / _MOST_TICKS)
            if zoom:
                first = -(self.start_ms // 1000) % step
                for second in range(first, self.seconds + 1, step):
                    found.setdefault(second, zoom)
        return [self._tick(second, zoom) for second, zoom in sorted(found.items())]

    def _tick(self, second: int, zoom: int) -> Tick:
        when, share = self.start_ms // 1000 + second, second / self.seconds
        near_edge = fitting_zoom(_HALF_LABEL / max(min(share, 1 - share), 0.0001))
        return Tick(
            second=second,
            at=f"{_day(when)}T{_clock(when)}Z",
            text=_clock(when)[:5],
            x=percent(share),
            zoom=max(zoom, near_edge) if near_edge else 0,
        )


def time_axis(start_ms: int | None, end_ms: int | None, spans: Iterable[Span]) -> TimeAxis:
    """Return the axis of a class from `start_ms` to `end_ms`.

    It also shows the parts of `spans` up to 15 minutes before and after. If the class has no start or end,
    `spans` give it. A little space at both ends keeps the labels of times inside the chart.
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
    begin, seconds = shown_from // 1000, max(_LEAST_S, -(-shown_to // 1000) - shown_from // 1000)
    space = math.ceil(seconds * _SPACE)
    return TimeAxis(start_ms=(begin - space) * 1000, seconds=seconds + 2 * space)


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


def fitting_zoom(excess: float) -> int:
    """Return the zoom (1, 2, 4, 8, 16) that gives `excess` times as much space. Return 0 if none does."""
    zoom = 1 if excess <= 1 else int(2 ** math.ceil(math.log2(excess)))
    return zoom if zoom <= _MOST_ZOOM else 0


def _day(second: int) -> date:
    return _date(second // 86400)


@functools.lru_cache(maxsize=128)
def _date(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)


def _clock(second: int) -> str:
    return f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
