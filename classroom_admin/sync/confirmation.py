"""Pending confirmations: events confirm the commands that wait for them.

What an event must carry is in the modules of `events`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from classroom_admin.audit.models import Expectation, Step
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.events import Event, confirms
from classroom_admin.rooms.models import Room

WAITED_FOR: Final = timedelta(days=1)
"""An event comes within seconds, or by the last reconciliation of its room."""


def pending(rooms: Iterable[Room]) -> dict[str, list[Expectation]]:
    """Return the commands that wait for an event, by the room's uuid; rooms without any are left out."""
    found: dict[str, list[Expectation]] = {}
    for chunk in chunks(room.room_uuid for room in rooms):
        of_rooms = Expectation.objects.filter(room_uuid__in=chunk)
        for expectation in of_rooms.select_related("entry").order_by("id"):
            found.setdefault(expectation.room_uuid, []).append(expectation)
    return found


def confirm(waiting: list[Expectation], events: Iterable[Event[Any]]) -> int:
    """Confirm the commands that one of these events shows to have happened; take them out of `waiting`.

    Call it in the transaction that projects the events. Whoever deletes the expectation writes the step:
    only once. Return how many were confirmed.
    """
    if not waiting:
        return 0
    confirmed = 0
    for event in events:
        for expectation in [each for each in waiting if _is_awaited(event, each)]:
            waiting.remove(expectation)
            deleted, _by_model = Expectation.objects.filter(pk=expectation.pk).delete()
            if deleted:
                took = clock.now() - expectation.entry.at
                Step.objects.create(
                    entry=expectation.entry,
                    kind=Step.Kind.CONFIRMED,
                    room_uuid=expectation.room_uuid,
                    detail={"sequence": event.sequence, "took_ms": max(0, int(took.total_seconds() * 1000))},
                    at=clock.now(),
                )
                confirmed += 1
    return confirmed


def forget_old() -> int:
    """Stop waiting for events that did not come in a day; return how many. The record stays as it was."""
    old = Expectation.objects.filter(created_at__lt=clock.now() - WAITED_FOR)
    forgotten, _by_model = old.delete()
    return forgotten


def _is_awaited(event: Event[Any], expectation: Expectation) -> bool:
    return confirms(
        event, cmd=expectation.cmd, match=expectation.match, since_sequence=expectation.since_sequence
    )
