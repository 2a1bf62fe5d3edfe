"""Decode the cloud's events and project them into rows; each topic has its own module.

The package is pure: it takes an event and the rows that the event needs, and returns changed rows. It uses
no ORM, no I/O and no clock; gettext is the only part of Django. See `docs/adding-an-event.md`.
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
from classroom_admin.events.rows import PROJECTION_VERSION, Needs, RoomRow, Row, RowKey, Rows, key_of
from classroom_admin.events.times import EventTime, Stamped, event_times
from classroom_admin.events.values import Undecodable
