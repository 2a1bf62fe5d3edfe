"""Compare the two sources of presence: the events of a class, and the notifications about its channel.

`disagreements` is pure. `sources_of` reads the database for pages and reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from django.db.models import Count, Min, Q

from classroom_admin.common import clock
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.sync import notices
from classroom_admin.sync.models import PresenceCorrection
from classroom_admin.sync.notification_stays import Span, merged, stays

TOLERANCE: Final = timedelta(seconds=30)
"""How far the sources may be apart. Their times differ by seconds, and a lost connection is noticed late."""
SETTLING: Final = timedelta(minutes=1)
"""The time before now that is not compared in a live class. Notifications and events may still arrive."""
Spans = Mapping[str, Sequence[Span]]


class Source(StrEnum):
    EVENTS = "events"
    NOTIFICATIONS = "notifications"


class Shape(StrEnum):
    """How two sources disagree about a stay: about its start, its end or both.

    `ALONE` means that only one source shows the stay.
    """

    UNTIL = "until"
    FROM = "from"
    ALONE = "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A period in which only one source shows a person in the class. `stop` is None if it has not ended."""

    user_uuid: str
    shown_by: Source
    shape: Shape
    start: datetime
    stop: datetime | None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSources:
    """How the two sources of a class compare.

    `people` is how many notifications reported joining or leaving. `unknown` is the number of streams that
    belong to nobody in the class, such as a recording service. `filled` is the number of times that a
    notification replaces a lost event about joining or leaving.
    """

    people: int
    unknown: int
    filled: int
    disagreements: list[Disagreement]

    @property
    def agree(self) -> bool:
        return not self.disagreements


def sources_of(room: Room) -> PresenceSources | None:
    """Compare the two sources of a class. Return None if no notification reported who was in it."""
    found = notices.of_room(room)
    about_people = Q(event_type__in=notices.PEOPLE)
    counts = found.aggregate(
        people=Count("pk", filter=about_people),
        unknown=Count("stream_uuid", filter=about_people & Q(user_uuid=""), distinct=True),
        since=Min("at"),
    )
    if not counts["people"]:
        return None
    over = [moment for moment in (room.closed_at, room.gone_at) if moment is not None]
    until = min([clock.cloud_now() - SETTLING, *over])
    differing = disagreements(
        by_notices=stays(notices.connections(room)),
        by_events=_by_events(room),
        since=counts["since"],
        until=until,
    )
    names = _names(room, differing)
    return PresenceSources(
        people=counts["people"],
        unknown=counts["unknown"],
        filled=PresenceCorrection.objects.filter(room=room, source=PresenceCorrection.Source.NOTICE).count(),
        disagreements=[replace(one, name=names.get(one.user_uuid) or one.user_uuid) for one in differing],
    )


def _by_events(room: Room) -> Spans:
    found: dict[str, list[Span]] = defaultdict(list)
    for user_uuid, entered_at, left_at in class_selectors.all_stays(room):
        found[user_uuid].append(Span(start=entered_at, stop=left_at))
    return {user_uuid: merged(spans) for user_uuid, spans in found.items()}


def _names(room: Room, differing: Sequence[Disagreement]) -> dict[str, str]:
    people = Participant.objects.filter(room=room, user_uuid__in={one.user_uuid for one in differing})
    return dict(people.values_list("user_uuid", "name"))


def disagreements(
    *,
    by_notices: Spans,
    by_events: Spans,
    since: datetime,
    until: datetime,
    tolerance: timedelta = TOLERANCE,
) -> list[Disagreement]:
    """Return the periods in which only one source shows a person, in order of time.

    Compare from `since`, the first notification, until `until`. Periods up to `tolerance` are omitted. If a
    person has no notifications, a period that begins at `since` is omitted, too: they may have entered before
    the notifications were switched on.
    """
    found: list[Disagreement] = []
    if until <= since:
        return found
    for user_uuid in sorted(by_notices.keys() | by_events.keys()):
        notified, seen = by_notices.get(user_uuid, ()), by_events.get(user_uuid, ())
        for start, stop, source in _one_sided(notified, seen, since=since, until=until):
            if stop - start <= tolerance or (not notified and start == since):
                continue
            shown, other = (notified, seen) if source == Source.NOTIFICATIONS else (seen, notified)
            lasts = stop == until and any(span.stop is None and span.covers(start) for span in shown)
            found.append(
                Disagreement(
                    user_uuid=user_uuid,
                    shown_by=source,
                    shape=_shape(other, start, stop),
                    start=start,
                    stop=None if lasts else stop,
                )
            )
    return sorted(found, key=lambda one: (one.start, one.user_uuid))


def _one_sided(
    notified: Sequence[Span], seen: Sequence[Span], *, since: datetime, until: datetime
) -> list[tuple[datetime, datetime, Source]]:
    """Return the start, the stop and the source of each period that only one source covers."""
    turns = {since, until}
    for span in (*notified, *seen):
        turns |= {moment for moment in (span.start, span.stop) if moment and since < moment < until}
    found: list[tuple[datetime, datetime, Source]] = []
    order = sorted(turns)
    for start, stop in pairwise(order):
        in_notified = any(span.covers(start) for span in notified)
        if in_notified != any(span.covers(start) for span in seen):
            found.append((start, stop, Source.NOTIFICATIONS if in_notified else Source.EVENTS))
    return found


def _shape(other: Sequence[Span], start: datetime, stop: datetime) -> Shape:
    """Return whether the other source shows the person until this period, or from its end on.

    If it shows both or neither, return `ALONE`.
    """
    before = any(span.stop == start for span in other)
    after = any(span.start == stop for span in other)
    if before == after:
        return Shape.ALONE
    return Shape.UNTIL if before else Shape.FROM
