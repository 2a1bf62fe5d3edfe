"""Classes as an iCalendar document (RFC 5545). Pure: the same lessons give the same bytes."""

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
class Lesson:
    """A class in a calendar. ``mark`` names it for ever, planned or made; ``known_at``: since when."""

    mark: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    known_at: datetime
    address: str = ""
    words: str = ""


def mark_of(room_uuid: str) -> str:
    """A name for a class that tells nobody the cloud's id of it."""
    return hashlib.sha256(f"calendar {room_uuid}".encode()).hexdigest()[:32]


def document(lessons: Iterable[Lesson], *, name: str, host: str) -> bytes:
    """The calendar ``name`` with these lessons; ``host`` makes their marks unique in the world."""
    calendar = Calendar()
    calendar.add("prodid", "-//Classroom Admin//classes//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for lesson in lessons:
        calendar.add_component(_event(lesson, host))
    return calendar.to_ical()


def etag(body: bytes) -> str:
    """A strong entity tag of the document."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _event(lesson: Lesson, host: str) -> Event:
    event = Event()
    event.add("uid", f"{lesson.mark}@{host}")
    event.add("summary", lesson.name)
    event.add("dtstamp", lesson.known_at.replace(microsecond=0))
    event.add("dtstart", lesson.starts_at.replace(microsecond=0))
    ends_at = lesson.ends_at
    if ends_at is None or ends_at <= lesson.starts_at:
        ends_at = lesson.starts_at + NO_END
    event.add("dtend", ends_at.replace(microsecond=0))
    event.add("status", "CONFIRMED")
    if lesson.words:
        event.add("description", lesson.words)
    if lesson.address:
        event.add("url", lesson.address)
    return event
