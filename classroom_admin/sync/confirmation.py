"""Record that an event from the cloud confirms a command's effect, and delete its pending confirmation.

The modules of `events` define which events confirm a command.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from classroom_admin.audit.models import Entry, PendingConfirmation, Step
from classroom_admin.audit.record import add_step, log_step
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.events import Event, confirms
from classroom_admin.rooms.models import Room

WAITED_FOR: Final = timedelta(days=1)
"""How long to wait for an event, which arrives within seconds or with the room's last reconciliation."""


def pending(rooms: Iterable[Room]) -> dict[str, list[PendingConfirmation]]:
    """Return a dict from room id to the room's pending confirmations. Rooms with none are not in the dict."""
    found: dict[str, list[PendingConfirmation]] = {}
    for chunk in chunks(room.room_uuid for room in rooms):
        of_rooms = PendingConfirmation.objects.filter(room_uuid__in=chunk)
        for command in of_rooms.select_related("entry").order_by("id"):
            found.setdefault(command.room_uuid, []).append(command)
    return found


def confirm(waiting: list[PendingConfirmation], events: Iterable[Event[Any]]) -> int:
    """Confirm the commands in `waiting` that match these events. Return how many were confirmed.

    Confirmed commands are removed from `waiting`. Call this in the transaction that projects the events. Each
    command is confirmed only once.
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
                step = Step.objects.create(
                    entry=command.entry,
                    kind=Step.Kind.CONFIRMED,
                    room_uuid=command.room_uuid,
                    detail={"sequence": event.sequence, "took_ms": max(0, int(took.total_seconds() * 1000))},
                    at=clock.now(),
                )
                log_step(step)
                confirmed += 1
    return confirmed


def confirm_read(waiting: Iterable[Entry], *, detail: Mapping[str, Any]) -> None:
    """Confirm commands after a read from the cloud showed their effect."""
    for entry in waiting:
        with transaction.atomic():
            Entry.objects.select_for_update().get(pk=entry.pk)
            if not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
                add_step(entry, Step.Kind.CONFIRMED, {"read_back": dict(detail)})


def accepted_without_event(room_uuid: str, actions: Collection[str], *, before: datetime) -> list[Entry]:
    """Return the last command to each target, if it still needs a confirmation.

    Omit commands that were accepted after `before`, and commands that an event can confirm.
    """
    entries = Entry.objects.filter(
        room_uuid=room_uuid, action__in=actions, at__gt=before - WAITED_FOR
    ).prefetch_related("steps")
    last = {entry.target: entry for entry in entries.order_by("id")}
    pending = PendingConfirmation.objects.filter(entry__in=[entry.pk for entry in last.values()])
    with_event = set(pending.values_list("entry", flat=True))
    return [entry for entry in last.values() if entry.pk not in with_event and _is_accepted(entry, before)]


def _is_accepted(entry: Entry, before: datetime) -> bool:
    steps = list(entry.steps.all())
    kinds = {step.kind for step in steps}
    return Step.Kind.CONFIRMED not in kinds and any(
        step.kind == Step.Kind.ACCEPTED and step.at < before for step in steps
    )


def forget_old() -> int:
    """Delete pending confirmations older than a day. Return how many were deleted."""
    old = PendingConfirmation.objects.filter(created_at__lt=clock.now() - WAITED_FOR)
    forgotten, _by_model = old.delete()
    return forgotten


def _is_awaited(event: Event[Any], command: PendingConfirmation) -> bool:
    awaited = [{"cmd": command.cmd, "match": command.match}, *(command.also or ())]
    return any(
        confirms(event, cmd=one["cmd"], match=one["match"], since_sequence=command.since_sequence)
        for one in awaited
    )
