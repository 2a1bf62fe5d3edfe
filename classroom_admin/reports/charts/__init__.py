"""Compute the geometry of charts from figures. The templates in `templates/reports/charts/` draw it as SVG.

Everything here is pure: no database, no request, no clock. Positions along an axis are strings such as
``12.5%``, because Django would write numbers with the decimal comma of some languages.
"""

from classroom_admin.reports.charts.area import Area, people_over_time
from classroom_admin.reports.charts.bars import Bar, Bars, bars, columns
from classroom_admin.reports.charts.timeline import Person, Timeline, Track, timeline
from classroom_admin.reports.charts.trend import Point, Trend, trend

__all__ = [
    "Area",
    "Bar",
    "Bars",
    "Person",
    "Point",
    "Timeline",
    "Track",
    "Trend",
    "bars",
    "columns",
    "people_over_time",
    "timeline",
    "trend",
]
