"""Compute when the classes of a weekly series start, always at the same local time. All functions are pure.

Each local time is converted to UTC separately, so a series keeps its local time when daylight saving time
begins or ends.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import MO, WEEKLY, rrule

MOST_CLASSES: Final = 200
LONGEST: Final = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A weekly recurrence rule. ``first`` is a local date and time in ``zone``, without tzinfo.

    ``weekdays`` has numbers (0: Monday). If it is empty, the weekday of ``first`` is used. ``every`` 2 means
    every other week. The series ends after ``times`` classes or on the day ``until``, whichever is first.
    """

    first: datetime
    zone: ZoneInfo
    weekdays: Collection[int] = ()
    every: int = 1
    until: date | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The start of a class, in UTC (``at``) and in local time.

    ``moved`` is True if the clocks skip the requested time, so the class begins later. ``shifted`` is True if
    the UTC offset differs from that of the first class.
    """

    at: datetime
    local: datetime
    moved: bool = False
    shifted: bool = False

    @property
    def wall(self) -> datetime:
        """Return the local time without tzinfo."""
        return self.local.replace(tzinfo=None)


def starts(rule: Weekly) -> list[Start]:
    """Return the starts of all classes of a rule, in order. A rule without an end stops after ``LONGEST``.

    If there are more than ``MOST_CLASSES`` starts, return ``MOST_CLASSES`` + 1 of them.
    """
    first = rule.first.replace(tzinfo=None, microsecond=0)
    latest = None
    if rule.until is not None:
        latest = datetime.combine(rule.until, time.max)
    elif rule.times is None:
        latest = first + LONGEST
    days = rrule(
        WEEKLY,
        dtstart=first,
        interval=rule.every,
        byweekday=sorted(set(rule.weekdays)) or [first.weekday()],
        wkst=MO,
        until=latest,
    )
    most = MOST_CLASSES + 1 if rule.times is None else min(rule.times, MOST_CLASSES + 1)
    found = [_start(wall, rule.zone) for wall in islice(days, most)]
    if not found:
        return []
    distance = found[0].local.utcoffset()
    return [
        Start(at=one.at, local=one.local, moved=one.moved, shifted=one.local.utcoffset() != distance)
        for one in found
    ]


def local_start(wall: datetime, zone: ZoneInfo) -> Start:
    """Return the start at a local time. If the clocks repeat this hour, use its first occurrence."""
    return _start(wall.replace(tzinfo=None), zone)


def _start(wall: datetime, zone: ZoneInfo) -> Start:
    at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    local = at.astimezone(zone)
    return Start(at=at, local=local, moved=local.replace(tzinfo=None) != wall)
