"""Delete files after ten seconds. Until then, everyone who may act on the class can undo the deletion."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files.resources import delete_resources
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.audit.models import Entry, Step
from classroom_admin.audit.record import add_step, done
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess, NotAllowed, NotYours, access_to
from classroom_admin.rooms.models import Resource, Room

DELAY: Final = timedelta(seconds=10)


def schedule_deletion(access: ClassAccess, *, resources: Sequence[Resource]) -> ScheduledCommand:
    """Schedule the deletion of files in ten seconds. The command's ``entry`` records who asked for it.

    If the same button is pressed twice, return the command of the first press. Raise ``ActionRefused`` if
    there are no files, or if a file is deleted, is being deleted or belongs to another class.
    """
    access.require(Permission.FILES)
    person, room = access.person, access.room
    if not resources or any(one.room_id != room.pk or one.removed_at for one in resources):
        raise ActionRefused(Problem("file_not_in_class"), field="resourceUuids")
    ids = sorted(one.resource_uuid for one in resources)
    names = [one.name or _("Unnamed file") for one in sorted(resources, key=lambda one: one.resource_uuid)]
    with transaction.atomic():
        Room.objects.select_for_update().get(pk=room.pk)  # two simultaneous presses run one after the other
        for other in open_deletions(room):
            if other.by_id == person.pk and other.payload["resource_uuids"] == ids:
                return other
            if set(ids).intersection(other.payload["resource_uuids"]):
                raise ActionRefused(
                    _(
                        "A selected file is already being deleted. Wait a moment, or undo that deletion "
                        "first."
                    ),
                    field="resourceUuids",
                )
        due_ms = round((clock.cloud_now() + DELAY).timestamp() * 1000)
        entry = done(
            actor=person,
            action="resource.hold_delete",
            room_uuid=room.room_uuid,
            target=ids[0] if len(ids) == 1 else "",
            target_name=", ".join(names),
            params={"resource_uuids": ids, "names": names, "due_ms": due_ms},
        )
        due_at = clock.now() + DELAY
        command = ScheduledCommand.objects.create(
            kind=Kind.DELETION,
            by=person,
            room=room,
            key=str(entry.pk),
            entry=entry,
            payload={"resource_uuids": ids, "names": names},
            due_at=due_at,
            claimable_at=due_at,
        )
        scheduled.wake_up(scheduled.RUN_SCHEDULED, first=command.pk, after_s=DELAY.total_seconds())
    return command


def undo_deletion(access: ClassAccess, *, hold: int) -> ScheduledCommand:
    """Cancel a scheduled deletion. ``hold`` is the id of its audit entry.

    Raise ``NotYours`` if the class has no such deletion. Raise ``ActionRefused`` if it is too late to cancel.
    """
    access.require(Permission.FILES)
    command = ScheduledCommand.objects.filter(kind=Kind.DELETION, room=access.room, entry_id=hold).first()
    if command is None:
        raise NotYours
    with transaction.atomic():
        waiting = ScheduledCommand.objects.filter(pk=command.pk, state=State.WAITING)
        if not waiting.update(state=State.CANCELLED, claimable_at=None, changed_at=clock.now()):
            command.refresh_from_db()
            if command.state == State.CANCELLED:
                return command
            raise ActionRefused(
                _("It is too late to undo: the files are being deleted. Add them again if needed.")
            )
        done(
            actor=access.person,
            action="resource.undo_delete",
            room_uuid=access.room.room_uuid,
            target_name=", ".join(command.payload["names"]),
            params={"resource_uuids": command.payload["resource_uuids"], "hold": hold},
        )
    return command


def open_deletions(room: Room) -> QuerySet[ScheduledCommand]:
    """Return the class's deletions that are waiting or being sent, soonest first."""
    return ScheduledCommand.objects.filter(kind=Kind.DELETION, room=room, state__in=scheduled.OPEN).order_by(
        "due_at"
    )


@scheduled.handler(Kind.DELETION)
def _run_deletion(command: ScheduledCommand) -> Outcome:
    """Delete the files that still exist, in the name of the person who scheduled the deletion."""
    try:
        if not _sent_before(command):
            _delete(command)
        return Outcome(state=State.DONE)
    except ActionRefused as refused:
        why = refused.problem
    except (NotYours, NotAllowed):
        why = Problem("deletion_not_allowed")
    entry = command.entry
    assert entry is not None
    return Outcome(
        state=State.FAILED,
        problem=why,
        record=lambda: add_step(entry, Step.Kind.FAILED, {"reason": why.as_json()}),
    )


def _sent_before(command: ScheduledCommand) -> bool:
    """Return whether an earlier worker sent the command and died before it stored the outcome."""
    assert command.room is not None
    return Entry.objects.filter(
        room_uuid=command.room.room_uuid,
        action="resource.delete",
        pk__gt=command.entry_id,
        params__hold=command.entry_id,
    ).exists()


def _delete(command: ScheduledCommand) -> None:
    assert command.room is not None
    access = access_to(command.by, command.room)
    files = Resource.objects.filter(
        room=command.room, resource_uuid__in=command.payload["resource_uuids"], removed_at__isnull=True
    )
    if not files:
        raise ActionRefused(Problem("files_already_deleted"))
    delete_resources(access, resources=list(files), hold=command.entry_id)
