"""Stored events decoded again for the projection, and the record of those that could not be."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from classroom_admin.common import clock
from classroom_admin.events import Event, Stamped, Stream, Undecodable, decode
from classroom_admin.sync.models import Quarantine, StoredEvent

LATEST_MS = 253_402_300_799_000
"""The end of the year 9999: a later time is none."""
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What an event that nobody foresaw may raise: the event is set aside, its room goes on."""
PROJECTION_FAILED = "Projection failed"
_FAILED = (PROJECTION_FAILED, "Folding failed")
"""The second is what earlier releases wrote."""


@dataclass(slots=True)
class Kept:
    """What the projection needs of a `StoredEvent`: a plain row, for there are many."""

    pk: int
    stream: str
    sequence: int | None
    digest: str
    cmd: int | None
    ts_ms: int | None
    received_at: datetime
    raw: str
    unreadable: str
    odd: str


KEPT_COLUMNS = tuple(column.name for column in fields(Kept))


class Reader:
    """Decodes stored events. One that can't be decoded, or failed to be projected, counts as an event and
    nothing else.

    `again`: also try those that failed before (a later release may do it). `failed`: ids that failed just
    now.
    """

    def __init__(self, *, again: bool, failed: set[int]) -> None:
        self._again = again
        self._failed = failed
        self._unreadable: dict[int, str] = {}
        self._odd: dict[int, str] = {}

    def read(self, row: Kept) -> Event[Any]:
        """Return the event, and note where it differs from the record how well it could be read."""
        known_to_fail = row.unreadable.startswith(_FAILED) and not self._again
        if row.pk in self._failed or known_to_fail:
            return _unknown(row)
        reason, odd = "", ""
        try:
            event = decode_stored(row)
            odd = "; ".join(event.odd)[:300]
        except Undecodable as error:
            event, reason = _unknown(row), error.reason[:300]
        except UNFORESEEN as error:
            event, reason = _unknown(row), f"Reading failed: {type(error).__name__}: {error}"[:300]
        if reason != row.unreadable:
            self._unreadable[row.pk] = reason
        if odd != row.odd:
            self._odd[row.pk] = odd
        return event

    def record(self) -> None:
        """Write what could (not) be read, where it differs from the record."""
        for event_id, reason in self._unreadable.items():
            if reason:
                set_aside(event_id, reason)
            else:
                StoredEvent.objects.filter(pk=event_id).update(unreadable="")
                Quarantine.objects.filter(event_id=event_id).update(resolved_at=clock.now())
        for event_id, odd in self._odd.items():
            StoredEvent.objects.filter(pk=event_id).update(odd=odd)


def decode_stored(row: Kept | StoredEvent) -> Event[Any]:
    """Decode a stored event. Raises Undecodable, or one of `UNFORESEEN`."""
    event = decode(Stream(row.stream), json.loads(row.raw))
    if row.sequence is None:  # a peer message: its place is the order of arrival
        event.digest, event.sequence = row.digest, row.pk
    return event


def stamp(row: Kept, event: Event[Any]) -> Stamped:
    """Return the event's own time and the time of its receipt."""
    ts_ms = event.ts_ms if event.ts_ms is not None and 0 <= event.ts_ms <= LATEST_MS else None
    return Stamped(ts_ms=ts_ms, received_at=row.received_at)


def set_aside(event_id: int, reason: str) -> None:
    """Mark a stored event as not projected, and show it to the administrator."""
    event = StoredEvent.objects.get(pk=event_id)
    StoredEvent.objects.filter(pk=event_id).update(unreadable=reason[:300])
    Quarantine.objects.update_or_create(
        event=event,
        defaults={"reason": reason[:300], "raw": event.raw, "found_at": clock.now(), "resolved_at": None},
    )


def _unknown(row: Kept) -> Event[Any]:
    return Event(Stream(row.stream), row.sequence or 0, row.cmd, row.ts_ms, None)
