"""Ask every known room for its end, for nothing tells that the last event of a room, or a whole room,
was lost.

How often: a live room's own events and its quizzes and polls (which only this endpoint has) as often as the
request limit allows, up to the figures below; after the end a few times more, the last time before the hour
is over after which the cloud destroys the room.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument, PathNotFound, RateLimited, RoomNotFound
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.sync import asking, competing_reader, gaps, health, registry
from classroom_admin.sync.models import NUMBERED, Hole, RoomCursor, Stream

log = logging.getLogger(__name__)

TAIL_EVERY_S = 20.0
WIDGETS_EVERY_S = 3.0
WAITING_EVERY_S = 300.0
"""A room whose class is far ahead."""
TAIL_SHARE, WIDGETS_SHARE = 0.35, 0.35
"""Of the requests per second, where many rooms are live."""
AFTER_THE_END = (30.0, 300.0, 1200.0, 3000.0)
"""Seconds after the end at which a room is swept once more; the last is before the hour is over."""
SOON = timedelta(minutes=2)
URGENT_LIVE, URGENT = timedelta(hours=2), timedelta(hours=1)
"""A suspicion puts rooms so far ahead in the queue, live ones first."""
NO_SUCH_ADDRESS = timedelta(minutes=10)
LONGEST_BACK_OFF_S = 120.0


@dataclass(slots=True)
class Swept:
    """What a run did. `problems`: failures (a destroyed room is none)."""

    requests: int = 0
    streams: int = 0
    stored: int = 0
    gone: int = 0
    rooms: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two sweeps of a live room's streams: a trade between freshness and the request
    limit.
    """

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


def next_sweep(room: Room, stream: str, *, now: datetime, pace: Pace) -> datetime | None:
    """When a stream is to be swept next, after one that went well. None: never again. Pure."""
    if room.gone_at is not None:
        return None
    if is_live(room, now=now):
        return now + timedelta(seconds=pace.tail_s if stream == Stream.ROOM else pace.widgets_s)
    ended_at = end_of(room)
    if ended_at is None:
        return now + timedelta(seconds=WAITING_EVERY_S)
    moments = (ended_at + timedelta(seconds=after) for after in AFTER_THE_END)
    return next((moment for moment in moments if moment > now), None)


def is_live(room: Room, *, now: datetime) -> bool:
    """Whether something can happen in the room any moment. In doubt it is live. Pure."""
    match room.current_state:
        case RoomState.STARTED | RoomState.ENDED | None:
            # One that ended a day ago and was never seen closing is not live; reading it back says what
            # it is.
            ended_at = end_of(room)
            return ended_at is None or now - ended_at < timedelta(hours=1)
        case RoomState.NOT_STARTED:
            begin = room.planned_start_at
            return begin is None or begin - now < SOON
        case _:
            return False


def end_of(room: Room) -> datetime | None:
    """The earliest end that is known: the hour until a room is destroyed may count from it."""
    known = [moment for moment in (room.ended_at, room.closed_at) if moment is not None]
    if known:
        return min(known)
    over = room.current_state in (RoomState.ENDED, RoomState.CLOSED)
    return (room.planned_end_at or room.profile_read_at) if over else None


def sweep_due(client: Client, *, most: int | None = None, everything: bool = False) -> Swept:
    """Sweep the streams that are due (`everything`: all that can still be asked), the longest waiting first.

    Begin no stream after `most` requests.
    """
    registry.adopt_all()
    now = clock.cloud_now()
    cursors = RoomCursor.objects.filter(stream__in=NUMBERED, room__gone_at__isnull=True)
    if not everything:
        cursors = cursors.filter(sweep_due_at__lte=now)
    pace = Pace.of(_live_count(), per_second=client.config.requests_per_second)
    result = Swept()
    gone: set[int] = set()
    for cursor in cursors.select_related("room").order_by("sweep_due_at", "swept_at", "id")[:most]:
        if most is not None and result.requests >= most:
            break
        if cursor.room_id in gone:
            continue
        try:
            _sweep(client, cursor, result)
        except RoomNotFound:
            asking.room_is_gone(cursor.room_id)
            gone.add(cursor.room_id)
        except InvalidArgument as error:
            log.warning("a room can't be asked for its events: %s", error)
            RoomCursor.objects.filter(pk=cursor.pk).update(sweep_due_at=None)
        except CloudError as error:
            _failed(cursor, error)
            result.problems.append(health.problem_of(error))
            if isinstance(error, RateLimited) or error.http_status is None:
                break
        else:
            _done(cursor, pace)
    result.gone = len(gone)
    return result


def soon(*, why: str) -> None:
    """Sweep all rooms next, the live ones first: an answer of the stream of all rooms may be lost.

    Rooms that still wait from an earlier call keep their place, so that repeated losses starve none.
    """
    log.warning("all rooms will be asked for their last events: %s", why)
    competing_reader.fear_lost()
    now = clock.cloud_now()
    tails = RoomCursor.objects.filter(stream=Stream.ROOM, sweep_due_at__isnull=False)
    live = tails.filter(room__in=_live_rooms())
    live.filter(sweep_due_at__gt=now - URGENT_LIVE + SOON).update(sweep_due_at=now - URGENT_LIVE)
    tails.filter(sweep_due_at__gt=now - URGENT + SOON).update(sweep_due_at=now - URGENT)


def _sweep(client: Client, cursor: RoomCursor, result: Swept) -> None:
    ask = asking.ask(
        client,
        room_uuid=cursor.room.room_uuid,
        stream=cursor.stream,
        first=_first_wanted(cursor),
    )
    result.requests += ask.requests
    result.streams += 1
    result.stored += ask.stored
    result.rooms |= ask.rooms
    result.problems += ask.problems


def _first_wanted(cursor: RoomCursor) -> int:
    """After the highest stored; from the first void number where this is the room's last sweep."""
    ended_at = end_of(cursor.room)
    last_one = ended_at is not None and clock.cloud_now() >= ended_at + timedelta(seconds=AFTER_THE_END[-1])
    if last_one:
        of_place = Hole.objects.filter(room_id=cursor.room_id, stream=cursor.stream, state=Hole.State.VOID)
        void = of_place.order_by("first").first()
        if void is not None:
            return void.first
    return cursor.stored_sequence + 1


def _done(cursor: RoomCursor, pace: Pace) -> None:
    now = clock.cloud_now()
    with transaction.atomic():
        gaps.lock(cursor.room_id)
        room = Room.objects.get(pk=cursor.room_id)
        mine = RoomCursor.objects.filter(pk=cursor.pk)
        mine.update(swept_at=now, failures=0)
        # Where a sweep was asked for meanwhile, this one may have come too early to see what that is about.
        as_it_was = Q(sweep_due_at=cursor.sweep_due_at) if cursor.sweep_due_at else Q(sweep_due_at=None)
        mine.filter(as_it_was).update(sweep_due_at=next_sweep(room, cursor.stream, now=now, pace=pace))


def _failed(cursor: RoomCursor, error: CloudError) -> None:
    """Come again later, and later still when it fails again; with jitter, so that not all come at once."""
    failures = cursor.failures + 1
    wait = timedelta(seconds=min(LONGEST_BACK_OFF_S, 2.0**failures) * random.uniform(0.5, 1.0))
    if isinstance(error, PathNotFound):
        wait = NO_SUCH_ADDRESS
    RoomCursor.objects.filter(pk=cursor.pk).update(sweep_due_at=clock.cloud_now() + wait, failures=failures)


def _live_rooms() -> QuerySet[Room]:
    """What `is_live` says, as a query: so many rooms share the request limit."""
    now = clock.cloud_now()
    state = Coalesce("state", "profile_state")
    begins = Q(planned_start_at__isnull=True) | Q(planned_start_at__lt=now + SOON)
    running = Q(now_state__isnull=True) | Q(now_state__in=(RoomState.STARTED, RoomState.ENDED))
    return (
        Room.objects.annotate(now_state=state)
        .filter(running | (Q(now_state=RoomState.NOT_STARTED) & begins), gone_at__isnull=True)
        .exclude(ended_at__lt=now - timedelta(hours=1))
    )


def _live_count() -> int:
    return _live_rooms().count()
