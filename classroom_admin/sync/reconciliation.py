"""Reconcile rooms: request the last events of every known room.

If a room's last events were lost, no later event reveals a sequence gap. Events of quizzes and polls come
only from the endpoints that this module requests. A live room's streams are requested as often as the request
limit allows, but not more often than `Pace` permits. After the end of a class, a few more requests follow.
The cloud destroys the room an hour later.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, PathNotFound
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import competing_reader, gaps, registry, room_events
from classroom_admin.sync.models import NUMBERED, RoomCursor, SequenceGap, Stream
from classroom_admin.sync.room_events import Fetched

log = logging.getLogger(__name__)

TAIL_EVERY_S = 20.0
WIDGETS_EVERY_S = 3.0
WAITING_EVERY_S = 300.0
"""The interval (s) for a room whose class has not started."""
TAIL_SHARE, WIDGETS_SHARE = 0.35, 0.35
"""If many rooms are live, the share of the request limit for room events, and for quizzes and polls."""
AFTER_THE_END = (30.0, 300.0, 1200.0, 3000.0)
"""The delays (s) after a class's end at which its room is reconciled, before the cloud destroys the room."""
SOON = timedelta(minutes=2)
URGENT_LIVE, URGENT = timedelta(hours=2), timedelta(hours=1)
"""How far `soon` sets due times into the past, for live rooms and for others, so live rooms come first."""
NO_SUCH_ADDRESS = timedelta(minutes=10)
LONGEST_BACK_OFF_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The intervals of reconciliation in a live room, in seconds. They grow with the number of live rooms."""

    tail_s: float
    widgets_s: float

    @classmethod
    def of(cls, live_rooms: int, *, per_second: float) -> Pace:
        if per_second <= 0:
            return cls(tail_s=TAIL_EVERY_S, widgets_s=WIDGETS_EVERY_S)
        return cls(
            tail_s=max(TAIL_EVERY_S, live_rooms / (per_second * TAIL_SHARE)),
            widgets_s=max(WIDGETS_EVERY_S, 2 * live_rooms / (per_second * WIDGETS_SHARE)),
        )


def next_reconciliation(
    room: Room, stream: str, *, now: datetime, pace: Pace, left_at: datetime | None = None
) -> datetime | None:
    """Return when to reconcile a stream again after a success. Return None if it need not be.

    `left_at` is when the last person left the room. It is None if people are present.
    """
    if room.gone_at is not None:
        return None
    if is_live(room, now=now):
        return now + timedelta(seconds=pace.tail_s if stream == Stream.ROOM else pace.widgets_s)
    ended_at = end_of(room)
    if ended_at is None:
        return now + timedelta(seconds=WAITING_EVERY_S)
    moments = {ended_at + timedelta(seconds=after) for after in AFTER_THE_END}
    moments.add(last_chance(ended_at, left_at))
    return min((moment for moment in moments if moment > now), default=None)


def last_chance(ended_at: datetime, left_at: datetime | None) -> datetime:
    """Return the last time to reconcile an ended room, before the cloud may destroy it.

    The cloud destroys a room after an hour. Its documents disagree on when the hour begins, so use the
    earliest time. `ended_at` is when the class ended or closed. `left_at` is when the last person left.
    """
    return min(ended_at, left_at or ended_at) + timedelta(seconds=AFTER_THE_END[-1])


def is_live(room: Room, *, now: datetime) -> bool:
    """Return whether the room can have new events at any moment. Return True if this is not certain."""
    match room.current_state:
        case RoomState.STARTED | RoomState.ENDED | None:
            # A class that ended more than an hour ago is not live, even if we never saw it close.
            ended_at = end_of(room)
            return ended_at is None or now - ended_at < timedelta(hours=1)
        case RoomState.NOT_STARTED:
            begin = room.planned_start_at
            return begin is None or begin - now < SOON
        case _:
            return False


def end_of(room: Room) -> datetime | None:
    """Return the earliest known time when a class ended or closed, or None."""
    known = [moment for moment in (room.ended_at, room.closed_at) if moment is not None]
    if known:
        return min(known)
    over = room.current_state in (RoomState.ENDED, RoomState.CLOSED)
    return (room.planned_end_at or room.profile_read_at) if over else None


def reconcile_due(client: Client, *, most: int | None = None, everything: bool = False) -> Fetched:
    """Reconcile due streams, the longest-waiting first. `most` limits the number of requests.

    With `everything`, reconcile all streams of rooms that the cloud still has.
    """
    registry.adopt_all()
    cursors = RoomCursor.objects.filter(
        stream__in=NUMBERED, room__gone_at__isnull=True, room__sealed_at__isnull=True
    )
    if not everything:
        cursors = cursors.filter(reconcile_due_at__lte=clock.cloud_now())
    pace = Pace.of(live_rooms().count(), per_second=client.config.requests_per_second)
    result = Fetched()
    for cursor in cursors.select_related("room").order_by("reconcile_due_at", "reconciled_at", "id")[:most]:
        if result.ends or (most is not None and result.requests >= most):
            break
        if cursor.room_id in result.gone:
            continue
        with room_events.outcome_in(
            result,
            cursor.room_id,
            invalid=partial(RoomCursor.objects.filter(pk=cursor.pk).update, reconcile_due_at=None),
            failed=partial(_failed, cursor),
        ):
            first = _first_wanted(cursor)
            uuid = cursor.room.room_uuid
            result.add(room_events.fetch(client, room_uuid=uuid, stream=cursor.stream, first=first))
            _succeeded(cursor, pace)
    return result


def soon(*, why: str) -> None:
    """Make all rooms due for reconciliation, because a response may be lost. `why` is for the log.

    Live rooms come first. Rooms that still wait after an earlier call keep their place in the queue.
    """
    log.warning("all rooms will be asked for their last events: %s", why)
    competing_reader.suspect_loss()
    now = clock.cloud_now()
    tails = RoomCursor.objects.filter(stream=Stream.ROOM, reconcile_due_at__isnull=False)
    live = tails.filter(room__in=live_rooms())
    live.filter(reconcile_due_at__gt=now - URGENT_LIVE + SOON).update(reconcile_due_at=now - URGENT_LIVE)
    tails.filter(reconcile_due_at__gt=now - URGENT + SOON).update(reconcile_due_at=now - URGENT)


def _first_wanted(cursor: RoomCursor) -> int:
    """Return the first sequence number to request.

    It normally follows the highest stored number. In the room's last reconciliation, it is the first void
    number if there is one.
    """
    ended_at = end_of(cursor.room)
    if ended_at is not None and clock.cloud_now() >= last_chance(ended_at, _left_at(cursor.room)):
        void = SequenceGap.objects.filter(
            room_id=cursor.room_id, stream=cursor.stream, state=SequenceGap.State.VOID
        )
        if (gap := void.order_by("first").first()) is not None:
            return gap.first
    return cursor.stored_sequence + 1


def _left_at(room: Room) -> datetime | None:
    """Return when the last person left an ended room. Return None if people are present or nobody joined."""
    if room.people_online or end_of(room) is None:
        return None
    left_at: datetime | None = room.participants.aggregate(at=Max("left_at"))["at"]
    return left_at


def _succeeded(cursor: RoomCursor, pace: Pace) -> None:
    now = clock.cloud_now()
    with transaction.atomic():
        gaps.lock(cursor.room_id)
        room = Room.objects.get(pk=cursor.room_id)
        own = RoomCursor.objects.filter(pk=cursor.pk)
        own.update(reconciled_at=now, failures=0)
        # If the due time was changed meanwhile, keep it, because this reconciliation may have been too early.
        due_at = next_reconciliation(room, cursor.stream, now=now, pace=pace, left_at=_left_at(room))
        own.filter(reconcile_due_at=cursor.reconcile_due_at).update(reconcile_due_at=due_at)


def _failed(cursor: RoomCursor, error: CloudError) -> None:
    """Set the time of the next attempt. The wait grows with each failure and has a random part."""
    failures = cursor.failures + 1
    wait = timedelta(seconds=min(LONGEST_BACK_OFF_S, 2.0**failures) * random.uniform(0.5, 1.0))
    if isinstance(error, PathNotFound):
        wait = NO_SUCH_ADDRESS
    RoomCursor.objects.filter(pk=cursor.pk).update(
        reconcile_due_at=clock.cloud_now() + wait, failures=failures
    )


def live_rooms() -> QuerySet[Room]:
    """Return a query of all live rooms. See `is_live`."""
    now = clock.cloud_now()
    state = Coalesce("state", "profile_state")
    begins = Q(planned_start_at__isnull=True) | Q(planned_start_at__lt=now + SOON)
    running = Q(now_state__isnull=True) | Q(now_state__in=(RoomState.STARTED, RoomState.ENDED))
    return (
        Room.objects.annotate(now_state=state)
        .filter(running | (Q(now_state=RoomState.NOT_STARTED) & begins), gone_at__isnull=True)
        .exclude(ended_at__lt=now - timedelta(hours=1))
    )
