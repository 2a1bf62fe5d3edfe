"""Write classes as an iCalendar document (RFC 5545). The same entries always give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

NO_END: Final = timedelta(hours=1)
ASK_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A class in a calendar. ``uid`` does not change when a scheduled class is created."""

    uid: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    known_at: datetime
    address: str = ""
    words: str = ""


def uid_of(room_uuid: str) -> str:
    """Return a calendar id for a class. The id does not reveal the class's cloud id."""
    return hashlib.sha256(f"calendar {room_uuid}".encode()).hexdigest()[:32]


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
    event.add("summary", entry.name)
    event.add("dtstamp", entry.known_at.replace(microsecond=0))
    event.add("dtstart", entry.starts_at.replace(microsecond=0))
    ends_at = entry.ends_at
    if ends_at is None or ends_at <= entry.starts_at:
        ends_at = entry.starts_at + NO_END
    event.add("dtend", ends_at.replace(microsecond=0))
    event.add("status", "CONFIRMED")
    if entry.words:
        event.add("description", entry.words)
    if entry.address:
        event.add("url", entry.address)
    return event
