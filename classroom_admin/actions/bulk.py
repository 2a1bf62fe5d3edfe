"""Bulk actions: one command for many classes. Each class has its own scheduled command and audit entry."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classroom_admin.accounts.models import User
from classroom_admin.actions import class_state, recordings, scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import BulkAction, BulkRun, ScheduledCommand
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess, NotYours, access_to, visible_rooms
from classroom_admin.rooms.models import Recording, Room, RoomState

MOST: Final = 2000
"""The largest number of classes in one bulk action."""


class Skip(TextChoices):
    """Reasons why a bulk action skips a class."""

    NOT_STARTED = "not_started", gettext_lazy("The class has not started, so it can't be ended.")
    NOT_RUNNING = "not_running", gettext_lazy("The class is not running, so it can't be recorded.")
    ENDED = "ended", gettext_lazy("The class has already ended.")
    CLOSED = "closed", gettext_lazy("The class is already closed.")
    GONE = "gone", gettext_lazy("The cloud no longer has this class.")
    RECORDING = "recording", gettext_lazy("The class is already being recorded.")


@dataclass(frozen=True, slots=True)
class Planned:
    """A class with the effect that the command would have now. `skip` is a `Skip`, or "" to send it."""

    room: Room
    skip: str
    words: str


def plan(what: str, room: Room) -> Planned:
    """Return what the command ``what`` would do to ``room`` in its current state. Pure."""
    skip = _skip(what, room)
    return Planned(room, skip, str(Skip(skip).label) if skip else _effect(what, room))


def preview(*, actor: User, what: str, keys: Collection[str]) -> list[Planned]:
    """Return what the command ``what`` would do to the classes with ``keys``, sorted by name.

    Leave out classes that ``actor`` may not see. Raise ``ActionRefused`` if there are no keys or too many, or
    if the command is unknown.
    """
    if what not in BulkAction.values:
        raise ActionRefused(_("There is no such command."))
    if not keys:
        raise ActionRefused(_("No class is selected. Select classes first, then choose an action."))
    if len(set(keys)) > MOST:
        words = _("You can select at most %(most)d classes at once. Select fewer.")
        raise ActionRefused(words % {"most": MOST})
    rooms = visible_rooms(actor).filter(key__in=set(keys)).defer("properties", "ext_apps", "groups")
    return [plan(what, room) for room in rooms.order_by("name", "pk")]


def start(*, actor: User, what: str, keys: Collection[str], token: str) -> BulkRun:
    """Schedule a bulk action. If the same form (``token``) was sent before, return its bulk action.

    Store skipped classes as cancelled. Raise the same errors as ``preview``. Also raise ``ActionRefused`` if
    another person sent the form.
    """
    known = BulkRun.objects.filter(token=token, by=actor).first()
    if known is not None:
        return known
    planned = preview(actor=actor, what=what, keys=keys)
    try:
        with transaction.atomic():
            run = BulkRun.objects.create(token=token, what=what, by=actor, made_at=clock.now())
            ScheduledCommand.objects.bulk_create(
                _item(run, each, position) for position, each in enumerate(planned)
            )
            _wake_up()
    except IntegrityError as error:
        known = BulkRun.objects.filter(token=token, by=actor).first()
        if known is None:
            raise ActionRefused(_("This form has already been used. Select the classes again.")) from error
        return known
    return run


def retry(*, actor: User, run: BulkRun) -> int:
    """Schedule the failed items again, except those that were confirmed later; return how many.

    Raise ``ActionRefused`` unless ``actor`` started the bulk action, because it is done in their name.
    """
    if run.by_id != actor.pk:
        raise ActionRefused(_("Only the person who started this bulk action can retry it."))
    now = clock.now()
    failed = run.items.filter(state=State.FAILED)
    with transaction.atomic():
        confirmed = Step.objects.filter(kind=Step.Kind.CONFIRMED, entry__in=failed.values("entry"))
        again = list(failed.exclude(entry__in=confirmed.values("entry")).values_list("pk", flat=True))
        count = failed.filter(pk__in=again).update(
            state=State.WAITING, claimable_at=now, problem=None, changed_at=now
        )
        _wake_up()
    return count


@scheduled.handler(Kind.BULK)
def _run_item(item: ScheduledCommand) -> Outcome:
    """Send the command to one class, or skip the class if its state has made the command pointless."""
    run, room = item.run, item.room
    assert run is not None
    assert room is not None
    skip = plan(run.what, room).skip
    if skip:
        sent = _sent(item, run, room)  # an earlier attempt may have changed the class's state
        if sent is not None:
            return Outcome(state=State.DONE, entry=sent)
        return Outcome(state=State.CANCELLED, payload={"skip": skip})
    _action, send = _COMMANDS[run.what]
    try:
        entry = send(access_to(item.by, room))
    except ActionRefused as error:
        return Outcome(state=State.FAILED, problem=error.problem)
    except NotYours:
        return Outcome(state=State.FAILED, problem=Problem("class_not_yours"))
    kinds = set(entry.steps.values_list("kind", flat=True))
    failed = Step.Kind.FAILED in kinds and Step.Kind.CONFIRMED not in kinds
    return Outcome(state=State.FAILED if failed else State.DONE, entry=entry)


_COMMANDS: Final[dict[str, tuple[str, Callable[[ClassAccess], Entry]]]] = {
    BulkAction.END: ("class.end", class_state.end_class),
    BulkAction.CLOSE: ("class.close", class_state.close_class),
    BulkAction.RECORD: ("recording.start", recordings.start_recording),
}


def _sent(item: ScheduledCommand, run: BulkRun, room: Room) -> Entry | None:
    """Return the command's audit entry if an earlier attempt sent the command before its worker died."""
    if item.entry is not None or item.attempts < 2:
        return item.entry
    action, _send = _COMMANDS[run.what]
    found = Entry.objects.filter(actor=run.by, action=action, room_uuid=room.room_uuid, at__gte=run.made_at)
    return found.order_by("-id").first()


def _item(run: BulkRun, planned: Planned, position: int) -> ScheduledCommand:
    return ScheduledCommand(
        kind=Kind.BULK,
        run=run,
        by=run.by,
        room=planned.room,
        key=str(run.pk),
        position=position,
        state=State.CANCELLED if planned.skip else State.WAITING,
        payload={"skip": planned.skip} if planned.skip else {},
        created_at=run.made_at,
        changed_at=run.made_at,
        due_at=run.made_at,
        claimable_at=None if planned.skip else run.made_at,
    )


def _wake_up() -> None:
    for _number in range(2):
        scheduled.wake_up(scheduled.RUN_LONG)


def _skip(what: str, room: Room) -> str:
    state = room.current_state
    if room.gone_at is not None:
        return Skip.GONE
    if state == RoomState.CLOSED:
        return Skip.CLOSED
    if what == BulkAction.CLOSE:
        return ""
    if what == BulkAction.RECORD:
        if state != RoomState.STARTED:
            return Skip.NOT_RUNNING
        return Skip.RECORDING if room.recording_state == Recording.State.RECORDING else ""
    if state == RoomState.ENDED:
        return Skip.ENDED
    return "" if state == RoomState.STARTED else Skip.NOT_STARTED


def _effect(what: str, room: Room) -> str:
    if what == BulkAction.RECORD:
        return _("Records the teacher's video and audio from now on.")
    count = room.people_online
    if what == BulkAction.END:
        if not count:
            return _("Ends now. No one is present.")
        words = ngettext(
            "Ends now. The person present may stay until the class closes.",
            "Ends now. The %(count)d people present may stay until the class closes.",
            count,
        )
    else:
        if not count:
            return _("Closes permanently. No one is present.")
        words = ngettext(
            "Closes permanently. The person present is sent out.",
            "Closes permanently. The %(count)d people present are sent out.",
            count,
        )
    return words % {"count": count}
