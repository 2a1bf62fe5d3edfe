"""Compute the number of people present over time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from classroom_admin.reports.charts.axis import Moment, Tick, percent, round_limit
from classroom_admin.reports.charts.timeline import (
    ClassTimes,
    PersonTimes,
    Stretch,
    axis_of,
    merged,
    outside,
    until,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A round number on the vertical axis. `y` is its distance from the top."""

    number: int
    y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A round time and the number of people present then."""

    tick: Tick
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The chart. In `area` and `line`, the horizontal unit is one second and the vertical unit one person.

    `limit` is the upper end of the vertical axis. The times in `outside` lie before and after the class.
    `counts` are the rows of the table.
    """

    key: str
    start: Moment
    seconds: int
    limit: int
    most: int
    area: str
    line: str
    ticks: list[Tick]
    levels: list[Level]
    outside: list[Stretch]
    counts: list[Count]
    description: str

    @property
    def is_empty(self) -> bool:
        """Return whether nobody was present."""
        return not self.most


def people_over_time(
    summary: ClassTimes,
    people: Iterable[PersonTimes],
    *,
    key: str = "people",
    now_ms: int | None = None,
) -> Area:
    """Return how many of `people` were present at each time of a class.

    `key` and `now_ms` are those of `timeline`.
    """
    known = [until(one.spans, now_ms) for one in people]
    axis = axis_of(summary, known, now_ms)
    changes: Counter[int] = Counter()
    for spans in known:
        for start, end in merged(axis, spans.get("present", ())):
            changes[start] += 1
            changes[end] -= 1
    steps, number = [], 0
    for second in sorted(changes):
        if changes[second]:
            number += changes[second]
            steps.append((second, number))
    most = max((number for _second, number in steps), default=0)
    limit = round_limit(most)
    line = f"M0 {limit}" + "".join(f"H{second}V{limit - number}" for second, number in steps)
    line += f"H{axis.second(now_ms, unknown=axis.seconds)}"
    ticks = [tick for tick in axis.ticks() if tick.zoom == 1]
    return Area(
        key=key,
        start=axis.moment(0),
        seconds=axis.seconds,
        limit=limit,
        most=most,
        area=f"{line}V{limit}z",
        line=line,
        ticks=ticks,
        levels=[
            Level(number=number, y=percent(1 - number / limit))
            for number in sorted({0, limit // 2 if limit % 2 == 0 else 0, limit})
        ],
        outside=outside(axis, summary),
        counts=_counts(steps, ticks),
        description=_("The largest number of people present at the same time was %(most)s.") % {"most": most},
    )


def _counts(steps: list[tuple[int, int]], ticks: list[Tick]) -> list[Count]:
    found = []
    for tick in ticks:
        number = 0
        for second, after in steps:
            if second > tick.second:
                break
            number = after
        found.append(Count(tick=tick, number=number))
    return found
