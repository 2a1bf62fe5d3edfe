"""The chart of the attendance rate by week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import pgettext

from classroom_admin.reports.attendance_totals import Figures
from classroom_admin.reports.charts import Point, Trend, trend

MOST_WEEKS: Final = 60


def week_trend(
    weeks: Sequence[tuple[date, Figures]], *, href: Callable[[date], str] | None = None
) -> Trend | None:
    """Return the chart of the newest `MOST_WEEKS` weeks, or None if only one week has classes.

    `weeks` are the weeks with classes by their Monday, the earliest first. `href` returns the address of the
    report about a week.
    """
    figures = dict(weeks)
    if len(figures) < 2:
        return None
    first, last = weeks[0][0], weeks[-1][0]
    first = max(first, last - timedelta(weeks=MOST_WEEKS - 1))
    mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    # Translators: how a day of a chart is written in little space, as a date format of Django: 26 Oct
    day_format = pgettext("format of a short date", "j M")
    points = [
        Point(
            label=date_format(monday, day_format),
            value=figures[monday].rate if monday in figures else None,
            href=href(monday) if href is not None and monday in figures else "",
        )
        for monday in mondays
    ]
    return trend(points, key="weeks")
