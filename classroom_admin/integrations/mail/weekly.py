"""Summarise the past week of a teacher from the stored figures of reports.

The number of queries does not depend on how many classes the person has. The mail names no students, because
mails are stored in places that the school's retention does not reach. It links to the reports instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from classroom_admin.accounts.models import User
from classroom_admin.common.public_address import absolute
from classroom_admin.integrations.mail.schedule import week_before
from classroom_admin.reports import attendance_totals, teaching
from classroom_admin.reports.alert_history import PastAlert
from classroom_admin.reports.report_filter import ReportFilter
from classroom_admin.reports.teaching import TaughtClass, Teaching
from classroom_admin.rooms.alert_kinds import HAND

MOST_LINES: Final = 30
MISSED_SHARE: Final = 0.5
MISSED_LEAST: Final = 2
"""A student needs attention who missed at least this many classes, and at least `MISSED_SHARE` of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """A class of the week. `attended` of `expected` students attended. `rate` is 0 to 1, or None."""

    name: str
    address: str
    starts_at: datetime | None
    attended: int
    expected: int
    rate: float | None
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """A sentence about something that needs attention, and the address of a page about it."""

    words: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The week from `first` to `last` (days). `more` is how many classes are not in `lines`."""

    first: date
    last: date
    classes: int
    hours: float
    rate: float | None
    lines: list[ClassLine]
    more: int
    attention: list[Attention]
    address: str


def summary_of(person: User, monday: date, zone: tzinfo) -> Summary:
    """Return the summary of the week before `monday` of the person's own classes."""
    since, until = week_before(monday, zone)
    chosen = ReportFilter(viewer=person, teacher=person, since=since, until=until)
    summaries, people = chosen.summaries(), chosen.people()
    names = {pk: (str(name), key) for pk, name, key in summaries.values_list("pk", "room__name", "room__key")}
    classes = sorted(teaching.classes_of(summaries, people), key=lambda one: one.figures.summary)
    classes.sort(key=lambda one: (one.figures.starts_at is None, one.figures.starts_at))
    total = teaching.total(classes)
    first, last = monday - timedelta(days=7), monday - timedelta(days=1)
    address = _report(first, last)
    return Summary(
        first=first,
        last=last,
        classes=len(classes),
        hours=total.attendance.length / timedelta(hours=1),
        rate=total.attendance.figures.rate,
        lines=[_line(one, *names[one.figures.summary]) for one in classes[:MOST_LINES]],
        more=max(0, len(classes) - MOST_LINES),
        attention=_attention(total, attendance_totals.by_student(people), chosen.pending(), address),
        address=address,
    )


def _report(first: date, last: date) -> str:
    period = urlencode({"since": first.isoformat(), "until": last.isoformat()})
    return absolute(f"{reverse('reports:attendance')}?{period}")


def _line(one: TaughtClass, name: str, key: str) -> ClassLine:
    figures = one.figures.figures
    return ClassLine(
        name=name or gettext("Unnamed class"),
        address=absolute(reverse("reports:class", args=[key])),
        starts_at=one.figures.starts_at,
        attended=figures.attended,
        expected=figures.expected,
        rate=figures.rate,
        alerts=len(_shown(one.alerts)),
    )


def _shown(alerts: list[PastAlert]) -> list[PastAlert]:
    """Return the alerts without raised hands, which only the teacher of the class handles."""
    return [alert for alert in alerts if alert.kind != HAND]


def _attention(
    total: Teaching, students: list[attendance_totals.StudentFigures], pending: int, address: str
) -> list[Attention]:
    """Return the sentences about what needs attention."""
    absent = sum(
        one.figures.absent >= MISSED_LEAST and one.figures.absent >= MISSED_SHARE * one.figures.expected
        for one in students
    )
    open_alerts = sum(alert.acknowledged is None for alert in _shown(total.alerts))
    incomplete = total.attendance.incomplete
    found = [
        (
            absent,
            ngettext(
                "%(count)d student missed at least half of your classes.",
                "%(count)d students missed at least half of your classes.",
                absent,
            ),
        ),
        (
            open_alerts,
            ngettext(
                "%(count)d alert was not acknowledged.",
                "%(count)d alerts were not acknowledged.",
                open_alerts,
            ),
        ),
        (
            incomplete,
            ngettext(
                "Events of %(count)d class are missing, so its attendance may be wrong.",
                "Events of %(count)d classes are missing, so their attendance may be wrong.",
                incomplete,
            ),
        ),
        (
            pending,
            ngettext(
                "The figures of %(count)d class are not ready yet.",
                "The figures of %(count)d classes are not ready yet.",
                pending,
            ),
        ),
    ]
    return [Attention(words=words % {"count": count}, address=address) for count, words in found if count]
