"""Write classes as an iCalendar document (RFC 5545). The same entries always give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from classroom_admin.actions.calendars import CalendarClass

NO_END: Final = timedelta(hours=1)
ASK_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry(CalendarClass):
    """A class in a person's calendar. ``changed_at`` is the time of change number ``sequence``."""

    sequence: int = 0
    changed_at: datetime | None = None
    address: str = ""
    words: str = ""


def document(entries: Iterable[CalendarEntry], *, name: str, host: str) -> bytes:
    """Return a calendar with this ``name`` and ``entries``. ``host`` makes their ids globally unique."""
    calendar = Calendar()
    calendar.add("prodid", "-//Classroom Admin//classes//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for entry in entries:
        calendar.add_component(_event(entry, host))
    return bytes(calendar.to_ical())


def etag(body: bytes) -> str:
    """Return a strong entity tag of the document."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _event(entry: CalendarEntry, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("summary", entry.name or _("Unnamed class"))
    changed_at = (entry.changed_at or entry.known_at).replace(microsecond=0)
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at.replace(microsecond=0))
    ends_at = entry.ends_at
    if ends_at is None or ends_at <= entry.starts_at:
        ends_at = entry.starts_at + NO_END
    event.add("dtend", ends_at.replace(microsecond=0))
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    if entry.words:
        event.add("description", entry.words)
    if entry.address:
        event.add("url", entry.address)
    return event
