"""How a command ended, put on record.

The event that confirms a command may be projected before the cloud's answer to it is read. The expectation's
row is the mutex: who deletes it confirms. While it is there and locked, nobody else can; once it is gone,
*confirmed* is on record and neither *accepted* nor a time-out may be written after it.
"""

from typing import Any

from django.db import transaction

from classroom_admin.actions import refusals
from classroom_admin.actions.command import Command, Detail
from classroom_admin.agora.errors import CloudError
from classroom_admin.audit.models import Entry, Expectation, Step
from classroom_admin.audit.record import add_step


def accepted(entry: Entry, *, command: Command, detail: Detail | None) -> None:
    """Write *accepted*, unless the event was quicker. ``detail["final"]`` says that no *confirmed* will
    follow.
    """
    facts: dict[str, Any] = (
        {**(detail or {}), "final": True} if command.accepted_is_final else dict(detail or {})
    )
    with transaction.atomic():
        if command.confirmed_by is None or _lock(entry):
            add_step(entry, Step.Kind.ACCEPTED, facts)


def failed(entry: Entry, *, command: Command, error: CloudError) -> None:
    """Write *failed* with the cloud's own reason and a sentence for people.

    Where it isn't known how it ended, the expectation stays: an event may still turn *failed* into
    *confirmed*.
    """
    unknown = refusals.outcome_is_unknown(error)
    with transaction.atomic():
        waiting = _lock(entry)
        if unknown and command.confirmed_by is not None and not waiting:
            return
        if not unknown:
            Expectation.objects.filter(entry=entry).delete()
        add_step(entry, Step.Kind.FAILED, refusals.detail_of(error, action=command.action))


def confirmed(entry: Entry, *, command: Command, detail: Detail) -> None:
    """Write *confirmed* by a read-back, unless an event has done so already."""
    with transaction.atomic():
        deleted, _ = Expectation.objects.filter(entry=entry).delete()
        if deleted or command.confirmed_by is None:
            add_step(entry, Step.Kind.CONFIRMED, {"read_back": detail})


def seen(entry: Entry, *, detail: Detail) -> None:
    """Write *confirmed* by a later look at the cloud, unless it is confirmed already."""
    with transaction.atomic():
        deleted, _ = Expectation.objects.filter(entry=entry).delete()
        if deleted or not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
            add_step(entry, Step.Kind.CONFIRMED, {"read_back": detail})


def _lock(entry: Entry) -> bool:
    """Whether the command still waits for its event; if so, nobody else confirms it before we commit."""
    return Expectation.objects.select_for_update().filter(entry=entry).first() is not None
