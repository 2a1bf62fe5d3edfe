"""What each event of the cloud means, one module a topic.

Pure: an event and the rows that it needs in, changed rows out. No ORM, no I/O, no clock; gettext is the only
part of Django. `docs/adding-an-event.md` shows how to add one.
"""

from classroom_admin.events.event import Event, EventKind, EventType, Identity, Stream
from classroom_admin.events.registry import (
    confirms,
    decode,
    filters,
    identify,
    mark,
    needs,
    project,
    sentence,
    unnamed,
)
from classroom_admin.events.rows import Needs, RoomRow, Row, RowKey, Rows, key_of
from classroom_admin.events.times import EventTime, Stamped, event_times
from classroom_admin.events.values import Undecodable

PROJECTION_VERSION = 1
"""Raise it when stored events give other rows than before: every room is then projected again by itself."""

__all__ = [
    "PROJECTION_VERSION",
    "Event",
    "EventKind",
    "EventTime",
    "EventType",
    "Identity",
    "Needs",
    "RoomRow",
    "Row",
    "RowKey",
    "Rows",
    "Stamped",
    "Stream",
    "Undecodable",
    "confirms",
    "decode",
    "event_times",
    "filters",
    "identify",
    "key_of",
    "mark",
    "needs",
    "project",
    "sentence",
    "unnamed",
]
