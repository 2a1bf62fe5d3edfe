"""When an event happened, so that it comes out the same however the events are split into batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Stamped:
    """An event's own time (ms since 1970 UTC) if it had one, and when it was received (aware, UTC)."""

    ts_ms: int | None
    received_at: datetime


@dataclass(slots=True)
class EventTime:
    """`approximate`: inferred from the receipt."""

    at: datetime
    approximate: bool


def from_ms(ms: int) -> datetime:
    """Milliseconds since 1970 UTC as an aware time, exact to the millisecond."""
    return EPOCH + timedelta(milliseconds=ms)


def event_times(
    previous: datetime | None, stamped: Sequence[Stamped], following: Stamped | None
) -> list[EventTime]:
    """The time of each of a stretch of one stream's events, in sequence order.

    `previous` is the time found for the event before the stretch (of the same stream), `following` the
    stored event after it. The rule: the event's own time; else its receipt, not before the previous event's
    time and, where the next event was received no later and has a time of its own, not after that one
    (where the two contradict, the previous event's time wins). A next event that was received later is left
    out: it may not have been there when the event was first projected.
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
