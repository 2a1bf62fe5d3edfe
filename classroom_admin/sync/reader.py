"""Decode stored events for the projection, and record which events could not be decoded."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.json_reading import read_stored
from classroom_admin.events import Event, Stamped, Stream, Undecodable, decode
from classroom_admin.sync.models import Quarantine, StoredEvent

LATEST_MS = 253_402_300_799_000
"""The end of the year 9999 (ms since 1970 UTC). Times after this are ignored."""
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""Errors that an unexpected event may cause. The event is quarantined; other events are projected."""
PROJECTION_FAILED = "Projection failed"
_FAILED = (PROJECTION_FAILED, "Folding failed")
"""How the stored reason of a failed projection begins. Earlier releases wrote the second text."""


@dataclass(slots=True)
class Kept:
    """The columns of a `StoredEvent` that the projection needs. This is faster than a model."""

    pk: int
    room_id: int
    stream: str
    sequence: int | None
    digest: str
    cmd: int | None
    ts_ms: int | None
    received_at: datetime
    raw: str
    unreadable: str
    odd: str
    repeats: bool


KEPT_COLUMNS = tuple(column.name for column in fields(Kept))


class Reader:
    """A decoder of stored events. It records which events can't be decoded.

    With `again`, it retries events that failed before, because a later release may succeed. `failed` contains
    the ids of events that failed in this projection.
    """

    def __init__(self, *, again: bool, failed: set[int]) -> None:
        self._again = again
        self._failed = failed
        self._unreadable: dict[int, str] = {}
        self._odd: dict[int, str] = {}

    def read(self, row: Kept) -> Event[Any]:
        """Return the decoded event. Remember any change of its error until `record` is called."""
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
        """Store which events can't be decoded any more, and which can be decoded now."""
        for event_id, reason in self._unreadable.items():
            if reason:
                set_aside(event_id, reason)
            else:
                StoredEvent.objects.filter(pk=event_id).update(unreadable="")
                Quarantine.objects.filter(event_id=event_id).update(resolved_at=clock.now())
        for event_id, odd in self._odd.items():
            StoredEvent.objects.filter(pk=event_id).update(odd=odd)


def decode_stored(row: Kept | StoredEvent) -> Event[Any]:
    """Decode a stored event. If this fails, raise Undecodable or an error in `UNFORESEEN`."""
    event = decode(Stream(row.stream), read_stored(row.raw))
    event.repeats = row.repeats
    if row.sequence is None:  # Use the order of arrival.
        event.digest, event.sequence = row.digest, row.pk
    return event


def stamp(row: Kept, event: Event[Any]) -> Stamped:
    """Return the event's own time and the time of its receipt. Its own time may be None."""
    ts_ms = event.ts_ms if event.ts_ms is not None and 0 <= event.ts_ms <= LATEST_MS else None
    return Stamped(ts_ms=ts_ms, received_at=row.received_at)


def record_repeats(found: dict[int, bool]) -> None:
    """Store which events only repeat what other events said."""
    for repeats in (True, False):
        for chunk in chunks(pk for pk, value in found.items() if value is repeats):
            StoredEvent.objects.filter(pk__in=chunk).update(repeats=repeats)


def time_before(room_id: int, sequence: int) -> datetime | None:
    """Return the time of the last readable room event before a sequence number, or None."""
    return _time_of_first(room_id, "-sequence", sequence__lt=sequence)


def time_after(room_id: int, sequence: int) -> datetime | None:
    """Return the time of the first readable room event after a sequence number, or None."""
    return _time_of_first(room_id, "sequence", sequence__gt=sequence)


def _time_of_first(room_id: int, order: str, **where: int) -> datetime | None:
    events = StoredEvent.objects.filter(room_id=room_id, stream=Stream.ROOM, unreadable="", **where)
    columns = events.order_by(order).values_list(*KEPT_COLUMNS).first()
    if columns is None:
        return None
    row = Kept(*columns)
    stamped = stamp(row, Reader(again=False, failed=set()).read(row))
    return row.received_at if stamped.ts_ms is None else clock.from_ms(stamped.ts_ms)


def set_aside(event_id: int, reason: str) -> None:
    """Mark a stored event as not projected, and quarantine it."""
    event = StoredEvent.objects.get(pk=event_id)
    StoredEvent.objects.filter(pk=event_id).update(unreadable=reason[:300])
    Quarantine.objects.update_or_create(
        event=event,
        defaults={"reason": reason[:300], "raw": event.raw, "found_at": clock.now(), "resolved_at": None},
    )


def _unknown(row: Kept) -> Event[Any]:
    return Event(Stream(row.stream), row.sequence or 0, row.cmd, row.ts_ms, None)
