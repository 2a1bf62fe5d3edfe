"""Record that an event from the cloud confirms a command's effect, and delete its pending confirmation.

The modules of `events` define which events confirm a command.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from classroom_admin.audit.models import PendingConfirmation, Step
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.events import Event, confirms
from classroom_admin.rooms.models import Room

WAITED_FOR: Final = timedelta(days=1)
"""How long to wait for an event, which arrives within seconds or with the room's last reconciliation."""


def pending(rooms: Iterable[Room]) -> dict[str, list[PendingConfirmation]]:
    """Return the pending confirmations of rooms by room uuid. Omit rooms that have none."""
    found: dict[str, list[PendingConfirmation]] = {}
    for chunk in chunks(room.room_uuid for room in rooms):
        of_rooms = PendingConfirmation.objects.filter(room_uuid__in=chunk)
        for command in of_rooms.select_related("entry").order_by("id"):
            found.setdefault(command.room_uuid, []).append(command)
    return found


def confirm(waiting: list[PendingConfirmation], events: Iterable[Event[Any]]) -> int:
    """Confirm the commands in `waiting` that these events match, and remove them. Return how many.

    Call this function in the transaction that projects the events. The audit log gets a step only if the
    pending confirmation still existed, so each command is confirmed once.
    """
    if not waiting:
        return 0
    confirmed = 0
    for event in events:
        for command in [each for each in waiting if _is_awaited(event, each)]:
            waiting.remove(command)
            deleted, _by_model = PendingConfirmation.objects.filter(pk=command.pk).delete()
            if deleted:
                took = clock.now() - command.entry.at
                Step.objects.create(
                    entry=command.entry,
                    kind=Step.Kind.CONFIRMED,
                    room_uuid=command.room_uuid,
                    detail={"sequence": event.sequence, "took_ms": max(0, int(took.total_seconds() * 1000))},
                    at=clock.now(),
                )
                confirmed += 1
    return confirmed


def forget_old() -> int:
    """Delete pending confirmations older than a day; return how many. The audit log is not changed."""
    old = PendingConfirmation.objects.filter(created_at__lt=clock.now() - WAITED_FOR)
    forgotten, _by_model = old.delete()
    return forgotten


def _is_awaited(event: Event[Any], command: PendingConfirmation) -> bool:
    return confirms(event, cmd=command.cmd, match=command.match, since_sequence=command.since_sequence)
