"""Ask for what is missing: holes that are due, from the endpoint that can be asked again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from django.db import transaction

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument, RateLimited, RoomNotFound
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.sync import asking, gaps, health
from classroom_admin.sync.models import Hole

log = logging.getLogger(__name__)

TRY_AGAIN = timedelta(seconds=10)


@dataclass(slots=True)
class Filled:
    """What a run did. `problems`: failures (a destroyed room is none)."""

    requests: int = 0
    stored: int = 0
    gone: int = 0
    rooms: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def fill_due(client: Client, *, most: int | None = None, all_open: bool = False) -> Filled:
    """Ask for every hole that is due (`all_open`: every open one), the longest waiting first.

    Begin no hole after `most` requests.
    """
    open_holes = Hole.objects.filter(ask_due_at__isnull=False, room__gone_at__isnull=True)
    if not all_open:
        open_holes = open_holes.filter(ask_due_at__lte=clock.now())
    # Whole streams at a time, so that one request serves neighbouring holes.
    due = sorted(
        open_holes.select_related("room").order_by("ask_due_at", "id")[:5000],
        key=lambda hole: (hole.room_id, hole.stream, hole.first),
    )
    result = Filled()
    for (room_id, _stream), group in groupby(due, key=lambda hole: (hole.room_id, hole.stream)):
        if most is not None and result.requests >= most:
            break
        of_place = list(group)
        try:
            _fill(client, of_place, result)
        except RoomNotFound:
            asking.room_is_gone(room_id)
            result.gone += 1
        except InvalidArgument as error:
            log.warning("a room can't be asked for its events: %s", error)
            asking.room_is_gone(room_id, ever_there=False)
        except CloudError as error:
            _later(of_place)
            result.problems.append(health.problem_of(error))
            if isinstance(error, RateLimited) or error.http_status is None:
                break
    return result


def _fill(client: Client, due: list[Hole], result: Filled) -> None:
    place = due[0]
    ask = asking.ask(
        client,
        room_uuid=place.room.room_uuid,
        stream=place.stream,
        first=due[0].first,
        last=due[-1].last + 1,
    )
    result.requests += ask.requests
    result.stored += ask.stored
    result.rooms |= ask.rooms
    result.problems += ask.problems
    _count_asks(place, first=due[0].first, covered_to=ask.covered_to)


def _count_asks(place: Hole, *, first: int, covered_to: int) -> None:
    """What is still missing after an answer: counted where the answer went past it, else asked for later."""
    now = clock.now()
    with transaction.atomic():
        gaps.lock(place.room_id)
        left = Hole.objects.filter(
            room_id=place.room_id, stream=place.stream, first__gte=first, ask_due_at__isnull=False
        )
        for hole in left:
            if hole.last < covered_to:
                gaps.state_after_ask(hole, asked_at=now)
            else:
                hole.ask_due_at = now + TRY_AGAIN
            hole.save()


def _later(due: list[Hole]) -> None:
    Hole.objects.filter(pk__in=[hole.pk for hole in due]).update(ask_due_at=clock.now() + TRY_AGAIN)
