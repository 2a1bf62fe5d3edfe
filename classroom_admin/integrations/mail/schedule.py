"""Decide when mails are due, and when they are tried again. All functions are pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from classroom_admin.integrations.mail.models import MailKind

GATHERED_FOR: Final = timedelta(seconds=30)
"""How long a mail about a class waits for further notices of the class."""
APART: Final = timedelta(minutes=15)
"""A person gets at most one mail of a kind about a class within this time."""
SUMMARY_AT: Final = time(7)
"""The local time on Monday at which weekly summaries are due."""
SUMMARY_UNTIL: Final = timedelta(hours=12)
"""Until when a summary is planned if the dashboard did not run on Monday morning."""
RETRIES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
"""The waits after the first failed attempts. Later ones wait as long as the last."""
USEFUL_FOR: Final = {
    MailKind.ALERT: timedelta(hours=2),
    MailKind.RECORDING_READY: timedelta(days=2),
    MailKind.WEEKLY_SUMMARY: timedelta(days=2),
}
"""How long after the due time a mail is still tried. Later it says nothing new."""


def due_at(now: datetime, last_due_at: datetime | None) -> datetime:
    """Return when a new mail about a class is due. `last_due_at` is that of the mail before, if any."""
    soon = now + GATHERED_FOR
    return soon if last_due_at is None else max(soon, last_due_at + APART)


def is_useful(kind: str, *, now: datetime, due: datetime) -> bool:
    """Return whether a mail still says something new. One of a restored backup may be old."""
    return now <= due + USEFUL_FOR[MailKind(kind)]


def retry_at(kind: str, *, now: datetime, due: datetime, attempts: int) -> datetime | None:
    """Return when a mail is tried again after `attempts` failed attempts, or None if it is too late then."""
    at = now + RETRIES[min(attempts, len(RETRIES)) - 1]
    return at if is_useful(kind, now=at, due=due) else None


def summary_due(now: datetime, zone: tzinfo) -> tuple[date, datetime] | None:
    """Return the Monday and the due time of the weekly summary to plan now, or None if there is none now."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    due = datetime.combine(monday, SUMMARY_AT, zone)
    return (monday, due) if due <= now < due + SUMMARY_UNTIL else None


def week_before(monday: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the begin and the end of the week before `monday`, from midnight to midnight in `zone`."""
    start, end = monday - timedelta(days=7), monday
    return datetime.combine(start, time(), zone), datetime.combine(end, time(), zone)
