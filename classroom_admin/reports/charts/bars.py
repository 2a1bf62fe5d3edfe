"""Compute bar charts: a horizontal bar for each person or answer, or a column for each weekday.

The parts of a bar lie side by side. They differ in their pattern, not only in colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from django.utils.functional import Promise

from classroom_admin.reports.charts.axis import percent, round_limit

PATTERNS: Final = 5
"""The number of patterns. A chart has at most as many series."""

Words = str | Promise


class TooManySeries(ValueError):
    """Raised if a chart has more series than there are patterns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The input of a bar: its values, one for each series. None is unknown: there is no bar.

    `text` is the value in words, such as "12 of 30" or "40%". If it is empty, the sum is shown. `href` is the
    address behind the bar, or "".
    """

    label: Words
    values: Sequence[float | None]
    text: Words = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a bar: the value of a series. `x` is its start and `width` its length."""

    series: int
    label: Words
    value: str
    x: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """A bar with its place. `total` is the length of the bar, and `rest` what remains of the axis.

    `values` are the values of all series as text. An unknown value is a dash.
    """

    label: Words
    text: Words
    href: str
    values: list[str]
    parts: list[Part]
    total: str
    rest: str
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The chart. `series` are the labels of the parts; a chart with one series needs none."""

    key: str
    bars: list[DrawnBar]
    series: list[Words]
    limit: float

    @property
    def is_empty(self) -> bool:
        """Return whether there is no bar."""
        return not self.bars


def bars(
    rows: Iterable[Bar], *, series: Sequence[Words] = (), limit: float | None = None, key: str = "bars"
) -> Bars:
    """Return horizontal bars. Draw them with `_bars.html`, or as columns with `_columns.html`.

    `series` are the labels of the values of each row. `limit` is the end of the axis, such as 1 for shares.
    By default, the longest bar is as long as the chart. Raise `TooManySeries`.
    """
    rows = list(rows)
    if max([len(series), *(len(row.values) for row in rows)]) > PATTERNS:
        raise TooManySeries(f"a chart has at most {PATTERNS} series")
    most = max((sum(value or 0 for value in row.values) for row in rows), default=0)
    end = limit or most or 1
    return Bars(
        key=key,
        bars=[_drawn(row, series, end) for row in rows],
        series=list(series),
        limit=end,
    )


def columns(rows: Iterable[Bar], *, limit: float | None = None, key: str = "columns") -> Bars:
    """Return a column for each of a few rows, such as weekdays. `limit` is like that of `bars`."""
    rows = list(rows)
    most = max((sum(value or 0 for value in row.values) for row in rows), default=0)
    return bars(rows, limit=limit or round_limit(most), key=key)


def _drawn(row: Bar, series: Sequence[Words], limit: float) -> DrawnBar:
    values = [max(0.0, value or 0) for value in row.values]
    starts = [0.0, *accumulate(values)]
    total = min(1, starts[-1] / limit)
    known = any(value is not None for value in row.values)
    return DrawnBar(
        label=row.label,
        text=row.text or (_text(starts[-1]) if known else ""),
        href=row.href,
        values=["–" if value is None else _text(value) for value in row.values],
        parts=[
            Part(
                series=number,
                label=series[number] if number < len(series) else "",
                value=_text(value),
                x=percent(min(1, start / limit)),
                width=percent(min(1, (start + value) / limit) - min(1, start / limit)),
            )
            for number, (start, value) in enumerate(zip(starts, values, strict=False))
            if value
        ],
        total=percent(total),
        rest=percent(1 - total),
        is_known=known,
    )


def _text(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
