"""Decode the cloud's events and project them into rows. Each topic has its own module.

The functions take an event and the rows that the event needs, and change these rows. They use no ORM, no I/O
and no clock. The package uses only gettext from Django. See `docs/adding-an-event.md`.
"""

from classroom_admin.events.event import Event, EventKind, EventType, Identity, Stream
from classroom_admin.events.presence import correction
from classroom_admin.events.registry import (
    concerned,
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
