"""Compute who was in a room from the notifications about its channel. All functions are pure.

A person may connect with several streams, such as a camera and a shared screen. The person is present while
any of these streams is connected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classroom_admin.sync.notification_reading import CHANNEL_DESTROYED, JOINED, LEFT

A_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A notification that a person's stream joined or left, or that the channel ended.

    `order` numbers the notifications of one stream. It is None if their order is not known. `lasted` is how
    long the stream was connected, or None if this is not known.
    """

    stream_uuid: str
    user_uuid: str
    event_type: int
    at: datetime
    order: int | None = None
    lasted: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A period in the room. `stop` is None if it has not ended."""

    start: datetime
    stop: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment and (self.stop is None or moment < self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A person who entered or left (`online` False) while events were lost."""

    user_uuid: str
    online: bool
    at: datetime
    sequence: int


def stays(connections: Iterable[Connection]) -> dict[str, list[Span]]:
    """Return a dict from user id to the periods in the room. The periods are in order and do not overlap."""
    of_stream: dict[tuple[str, str], list[Connection]] = defaultdict(list)
    destroyed: list[datetime] = []
    for one in connections:
        if one.event_type == CHANNEL_DESTROYED:
            destroyed.append(one.at)
        elif one.user_uuid:
            of_stream[one.user_uuid, one.stream_uuid].append(one)
    found: dict[str, list[Span]] = defaultdict(list)
    for (user_uuid, _stream), own in of_stream.items():
        found[user_uuid] += _of_stream(own, destroyed)
    return {user_uuid: merged(spans) for user_uuid, spans in found.items()}


def _of_stream(own: Sequence[Connection], destroyed: Sequence[datetime]) -> list[Span]:
    """Return the periods of one stream. If an arrival is missing, use the duration in the departure."""
    numbered = all(one.order is not None for one in own)
    spans: list[Span] = []
    since: datetime | None = None
    for one in sorted(own, key=lambda one: ((one.order or 0) if numbered else 0, one.at, one.order or 0)):
        if one.event_type in JOINED:
            if since is not None and (ended := _first_between(destroyed, since, one.at)):
                spans.append(Span(start=since, stop=ended))
                since = None
            since = one.at if since is None else since
        elif one.event_type in LEFT:
            start = one.at - (one.lasted or timedelta()) if since is None else since
            spans.append(Span(start=min(start, one.at), stop=one.at))
            since = None
    if since is not None:
        spans.append(Span(start=since, stop=_first_between(destroyed, since, None)))
    return spans


def _first_between(
    moments: Iterable[datetime], earliest: datetime, latest: datetime | None
) -> datetime | None:
    fitting = (at for at in moments if at >= earliest and (latest is None or at <= latest))
    return min(fitting, default=None)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same periods in order. Join periods that overlap or touch."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        last = found[-1] if found else None
        if last is None or (last.stop is not None and last.stop < span.start):
            found.append(span)
        elif last.stop is not None and (span.stop is None or span.stop > last.stop):
            found[-1] = Span(start=last.start, stop=span.stop)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A range of lost events. `here` are the people who were in the room before it.

    `last` is None if no later event is known. `start` is the time of the event before the lost events and
    `stop` the time of the event after them. Either is None if there is no such event.
    """

    first: int
    last: int | None
    start: datetime | None
    stop: datetime | None
    here: frozenset[str]


def changes_in(lost: Lost, found: Mapping[str, Sequence[Span]]) -> list[Change]:
    """Return who entered and left while events were lost, according to the notifications.

    All changes of one person have different sequence numbers.
    """
    changes: list[Change] = []
    for user_uuid in sorted(found):
        turns = _turns_in(lost, found[user_uuid])
        own = _changes_of(user_uuid, turns, lost)
        if lost.stop is not None and not _fits(own, lost):
            # Leave out changes in the same second as the next event, because they may be that event.
            own = _changes_of(user_uuid, [turn for turn in turns if turn[0] + A_SECOND <= lost.stop], lost)
        while not _fits(own, lost):
            own = own[:-2]  # dropping a pair of changes does not change who is present afterwards
        changes += own
    return sorted(changes, key=lambda one: (one.sequence, one.at, one.user_uuid))


def _changes_of(user_uuid: str, turns: Iterable[tuple[datetime, bool]], lost: Lost) -> list[Change]:
    online = user_uuid in lost.here
    found: list[Change] = []
    for moment, enters in turns:
        if enters != online:
            number = lost.first + len(found)
            found.append(Change(user_uuid=user_uuid, online=enters, at=moment, sequence=number))
            online = enters
    return found


def _fits(own: Sequence[Change], lost: Lost) -> bool:
    return lost.last is None or not own or own[-1].sequence <= lost.last


def _turns_in(lost: Lost, spans: Sequence[Span]) -> list[tuple[datetime, bool]]:
    """Return when a person entered (True) or left (False) while events were lost.

    Notifications have whole seconds, so a change in the second before `lost.start` may have happened after
    it. The last of these changes is included, because it shows whether the person was present afterwards.
    """
    unsure: list[tuple[datetime, bool]] = []
    found: list[tuple[datetime, bool]] = []
    for moment, enters in _turns(spans):
        if lost.stop is not None and moment >= lost.stop:
            continue
        if lost.start is None or moment > lost.start:
            found.append((moment, enters))
        elif moment > lost.start - A_SECOND:
            unsure.append((moment, enters))
    return unsure[-1:] + found


def _turns(spans: Sequence[Span]) -> list[tuple[datetime, bool]]:
    turns: list[tuple[datetime, bool]] = []
    for span in spans:
        turns.append((span.start, True))
        if span.stop is not None:
            turns.append((span.stop, False))
    return turns
