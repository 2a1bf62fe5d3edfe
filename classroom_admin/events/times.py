"""Determine when each event happened. The result does not depend on how events are split into batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stamped:
    """The times of an event: its own (ms since 1970 UTC, or None), and that of its receipt (aware, UTC)."""

    ts_ms: int | None
    received_at: datetime


@dataclass(slots=True)
class EventTime:
    """The time of an event. If `approximate` is True, it was inferred from the time of receipt."""

    at: datetime
    approximate: bool


def from_ms(ms: int) -> datetime:
    """Return milliseconds since 1970 UTC as an aware datetime, exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=ms)


def event_times(
    previous: datetime | None, stamped: Sequence[Stamped], following: Stamped | None
) -> list[EventTime]:
    """Return the times of consecutive events of one stream, in sequence order.

    `previous` is the time of the preceding event, and `following` is the stored event that comes after them.
    An event without its own time gets its time of receipt. This is limited to the time between the previous
    and the next event. If these contradict each other, the previous event's time wins. A next event that was
    received later sets no limit, because it may not have been stored when this event was first projected.
    """
    times: list[EventTime] = []
    last = len(stamped) - 1
    for index, event in enumerate(stamped):
        if event.ts_ms is not None:
            time = EventTime(from_ms(event.ts_ms), False)
        else:
            at = event.received_at
            after = stamped[index + 1] if index < last else following
            if after is not None and after.ts_ms is not None and after.received_at <= event.received_at:
                at = min(at, from_ms(after.ts_ms))
            if previous is not None and at < previous:
                at = previous
            time = EventTime(at, True)
        times.append(time)
        previous = time.at
    return times
