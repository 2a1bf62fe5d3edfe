"""Deleting files, held back for ten seconds, so that it can be taken back.

The row is the queue: a Celery message at the right moment is a hint, a beat makes good a lost one. A
conditional UPDATE gives the turn to one worker; the command's own record tells, after a crash, whether it was
sent already.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow, resources
from classroom_admin.actions.errors import ActionRefused, NotYours
from classroom_admin.actions.models import HeldDeletion
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.record import add_step, done
from classroom_admin.common import clock, language
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.models import Resource, Room

log = logging.getLogger(__name__)

HOLD: Final = timedelta(seconds=10)
WORKER_DIED_AFTER: Final = timedelta(seconds=60)
"""A command may take 15 s. Who took its turn so long ago and did not end has died."""
_AT_ONCE: Final = 100
_GONE: Final = Sentence("The files had already been deleted. Nothing was changed.")
_NOT_YOURS: Final = Sentence(
    "The person who requested this no longer has access to the class, so nothing was deleted."
)


def hold_deletion(*, actor: User, room: Room, resources: Sequence[Resource]) -> HeldDeletion:
    """Delete these files in ten seconds, unless it is taken back. A second press of the same button finds the
    first.

    ``NotYours``; ``ActionRefused`` for none, for files of another class, and for files held already.
    """
    flow.authorise(actor, room)
    if not resources or any(one.room_id != room.pk or one.removed_at for one in resources):
        raise ActionRefused(
            _("A selected file is not in this class. Reload the page."), field="resourceUuids"
        )
    ids = sorted(one.resource_uuid for one in resources)
    names = [one.name or _("Unnamed file") for one in sorted(resources, key=lambda one: one.resource_uuid)]
    due_at = clock.cloud_now() + HOLD
    with transaction.atomic():
        Room.objects.select_for_update().get(pk=room.pk)  # two who press at once: one after the other
        first = in_force(room).filter(by=actor, resource_uuids=ids).first()
        if first is not None:
            return first
        if being_deleted(room) & set(ids):
            raise ActionRefused(
                _("A selected file is already being deleted. Wait a moment, or undo that deletion first."),
                field="resourceUuids",
            )
        entry = done(
            actor=actor,
            action="resource.hold_delete",
            room_uuid=room.room_uuid,
            target=ids[0] if len(ids) == 1 else "",
            target_name=", ".join(names),
            params={"resource_uuids": ids, "names": names, "due_ms": round(due_at.timestamp() * 1000)},
        )
        return HeldDeletion.objects.create(
            room=room,
            by=actor,
            hold=entry,
            resource_uuids=ids,
            names=names,
            due_at=due_at,
        )


def undo(*, actor: User, room: Room, hold: int) -> HeldDeletion:
    """Take back the deletion with this entry on record: anybody may who may act on the class.
    ``ActionRefused`` where it is too late.
    """
    flow.authorise(actor, room)
    held = HeldDeletion.objects.filter(hold_id=hold, room=room).first()
    if held is None:
        raise NotYours
    with transaction.atomic():
        if not _turn(held, HeldDeletion.State.HELD, HeldDeletion.State.UNDONE):
            held.refresh_from_db()
            if held.state == HeldDeletion.State.UNDONE:
                return held
            raise ActionRefused(
                _("It is too late to undo: the files are being deleted. Add them again if needed.")
            )
        done(
            actor=actor,
            action="resource.undo_delete",
            room_uuid=room.room_uuid,
            target_name=", ".join(held.names),
            params={"resource_uuids": held.resource_uuids, "hold": held.hold_id},
        )
    return held


def being_deleted(room: Room) -> set[str]:
    """The cloud ids of the files that a held deletion is about; one query."""
    lists = in_force(room).values_list("resource_uuids", flat=True)
    return {uuid for uuids in lists for uuid in uuids}


def in_force(room: Room) -> QuerySet[HeldDeletion]:
    """The deletions that wait or are being sent."""
    return HeldDeletion.objects.filter(
        room=room, state__in=(HeldDeletion.State.HELD, HeldDeletion.State.SENDING)
    ).order_by("due_at")


def send_due(*, pk: int | None = None) -> int:
    """Carry out what is due (only ``pk``, where given); gives how many were sent."""
    died = Q(state=HeldDeletion.State.SENDING, taken_at__lt=clock.now() - WORKER_DIED_AFTER)
    due = Q(state=HeldDeletion.State.HELD, due_at__lte=clock.cloud_now())
    found = HeldDeletion.objects.filter(died | due).select_related("room", "by", "hold")
    if pk is not None:
        found = found.filter(pk=pk)
    return sum(_send(held) for held in found.order_by("due_at")[:_AT_ONCE])


def _send(held: HeldDeletion) -> bool:
    """Take the turn and send; False where another has it, or where it was sent before a crash."""
    if not _turn(held, held.state, HeldDeletion.State.SENDING):
        return False
    if _was_sent(held):
        return False
    why = ""
    try:
        _delete(held)
    except ActionRefused as refused:
        why = refused.sentence
    except NotYours:
        why = _NOT_YOURS
    with transaction.atomic():
        # Who was so slow that another took the turn writes nothing: that one's result holds.
        mine = HeldDeletion.objects.filter(
            pk=held.pk, state=HeldDeletion.State.SENDING, taken_at=held.taken_at
        )
        if mine.update(state=HeldDeletion.State.SENT) and why:
            add_step(held.hold, Step.Kind.FAILED, language.kept(why))
            log.info("held deletion %s was not carried out: %s", held.pk, why)
    return True


def _delete(held: HeldDeletion) -> None:
    """Delete what is still there, as the one who asked. Raises as ``delete_resources``."""
    flow.authorise(held.by, held.room)
    files = Resource.objects.filter(
        room=held.room, resource_uuid__in=held.resource_uuids, removed_at__isnull=True
    )
    if not files:
        raise ActionRefused(_GONE)
    resources.delete_resources(actor=held.by, room=held.room, resources=list(files), hold=held.hold_id)


def _was_sent(held: HeldDeletion) -> bool:
    """Whether a worker that died had put the command on record. Then the record tells how it ended."""
    sent = Entry.objects.filter(
        room_uuid=held.room.room_uuid,
        action="resource.delete",
        pk__gt=held.hold_id,
        params__hold=held.hold_id,
    ).exists()
    if sent:
        HeldDeletion.objects.filter(pk=held.pk).update(state=HeldDeletion.State.SENT)
    return sent


def _turn(held: HeldDeletion, before: str, after: str) -> bool:
    """Whether the state could be changed: by one only, however many try."""
    now = clock.now()
    mine = HeldDeletion.objects.filter(pk=held.pk, state=before, taken_at=held.taken_at)
    if not mine.update(state=after, taken_at=now):
        return False
    held.state, held.taken_at = after, now
    return True
