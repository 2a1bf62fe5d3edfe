"""Compute a share over time, such as the attendance of each week."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from classroom_admin.reports.charts.axis import percent

_MOST_LABELS: Final = 12
_MAIN: Final = 3
"""Each third label is a main one."""
_EDGE: Final = 0.03
"""A label that is this close to the end of the axis begins or ends there."""
_WIDTH: Final = 1000
_HEIGHT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The input of a point: its share (0 to 1). None means that there was no class.

    `label` is the week, such as "12 Oct", and `text` the value in words, by default the share in percent.
    `href` is the address behind the point, or "".
    """

    label: str | Promise
    value: float | None
    text: str | Promise = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPoint:
    """A point with its place.

    If there are many points, only some are labelled, and on a narrow page only the main ones.
    `anchor` keeps the labels inside the chart.
    """

    label: str | Promise
    text: str | Promise
    href: str
    x: str
    y: str
    is_known: bool
    is_labelled: bool
    is_main: bool
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The chart.

    `line` connects the points, and is broken where there is no value. It is 1000 wide and 100 high.
    """

    key: str
    line: str
    points: list[DrawnPoint]
    description: str

    @property
    def has_links(self) -> bool:
        """Return whether a point has an address."""
        return any(point.href for point in self.points)

    @property
    def is_empty(self) -> bool:
        """Return whether no point has a value."""
        return not any(point.is_known for point in self.points)


def trend(points: Iterable[Point], *, key: str = "trend") -> Trend:
    """Return the chart of shares, oldest first, with the same distance between all points."""
    points = list(points)
    step = max(1, -(-len(points) // _MOST_LABELS))
    line, pen = "", "M"
    drawn = []
    for number, point in enumerate(points):
        share = None if point.value is None else max(0.0, min(1.0, point.value))
        place = (number + 0.5) / len(points)
        if share is None:
            pen = "M"
        else:
            line += f"{pen}{round(place * _WIDTH)} {round((1 - share) * _HEIGHT)}"
            pen = "L"
        drawn.append(
            DrawnPoint(
                label=point.label,
                text=point.text or ("" if share is None else f"{round(100 * share)}%"),
                href=point.href,
                x=percent(place),
                y=percent(1 - (share or 0)),
                is_known=share is not None,
                anchor="start" if place < _EDGE else "end" if place > 1 - _EDGE else "middle",
                is_labelled=(len(points) - 1 - number) % step == 0,
                is_main=(len(points) - 1 - number) % (step * _MAIN) == 0,
            )
        )
    return Trend(key=key, line=line, points=drawn, description=_description(points, drawn))


def _description(points: list[Point], drawn: list[DrawnPoint]) -> str:
    known = [(one.value, place) for one, place in zip(points, drawn, strict=True) if one.value is not None]
    if not known:
        return ""
    low, high = (pick(known, key=lambda one: one[0])[1] for pick in (min, max))
    return _("Highest: %(high)s (%(high_week)s). Lowest: %(low)s (%(low_week)s).") % {
        "high": high.text,
        "high_week": high.label,
        "low": low.text,
        "low_week": low.label,
    }
