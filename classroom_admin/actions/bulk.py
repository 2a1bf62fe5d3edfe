"""Bulk actions: one command for many classes. Each class has its own scheduled command and audit entry."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.actions import (
    capabilities,
    class_state,
    media,
    messages,
    recordings,
    runner,
    scheduled,
)
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.media import Device, Whom
from classroom_admin.actions.models import BulkAction, BulkRun, ScheduledCommand
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.rooms.access import ClassAccess, NotAllowed, NotYours, access_to, visible_rooms
from classroom_admin.rooms.models import Recording, Role, Room, RoomState

MOST: Final = 2000
"""The largest number of classes in one bulk action."""
MOST_ANNOUNCED: Final = 9000
"""The largest number of classes in one announcement. A form has at most 10,000 fields."""


_WITH_MICROPHONE: Final = Q(
    participants__online=True, participants__role=Role.STUDENT, participants__microphone_on=True
)


class Skip(TextChoices):
    """Reasons why a bulk action skips a class."""

    NOT_STARTED = "not_started", gettext_lazy("The class has not started, so it can't be ended.")
    NOT_RUNNING = "not_running", gettext_lazy("The class is not running, so it can't be recorded.")
    ENDED = "ended", gettext_lazy("The class has already ended.")
    CLOSED = "closed", gettext_lazy("The class is already closed.")
    GONE = "gone", gettext_lazy("The cloud no longer has this class.")
    RECORDING = "recording", gettext_lazy("The class is already being recorded.")
    NOT_LIVE = "not_live", gettext_lazy("The class is not running.")
    NO_MICROPHONES = "no_microphones", gettext_lazy("No student's microphone is on.")


@dataclass(frozen=True, slots=True)
class Planned:
    """What a command would do to one class. If the class would be skipped, `skip` has the reason."""

    room: Room
    skip: str
    words: str

    @property
    def is_recorded(self) -> bool:
        return is_recorded(self.room)


def plan(what: str, room: Room) -> Planned:
    """Return what the command ``what`` would do to ``room`` in its current state."""
    skip = _skip(what, room)
    return Planned(room, skip, str(Skip(skip).label) if skip else _effect(what, room))


def preview(*, actor: User, what: str, keys: Collection[str]) -> list[Planned]:
    """Return what the command ``what`` would do to the classes with ``keys``, sorted by name.

    Classes that ``actor`` may not see are omitted. Raise ``ActionRefused`` if there are no keys or too many,
    or if the command is unknown. Raise ``NotAllowed`` if the role of ``actor`` does not allow it.
    """
    if what not in BulkAction.values:
        raise ActionRefused(_("This command does not exist. Reload the page."))
    permissions.require(actor, permissions.needed_for(_COMMANDS[what][0]))
    if not keys:
        raise ActionRefused(_("No class is selected. Select classes first, then choose an action."))
    most = MOST_ANNOUNCED if what == BulkAction.ANNOUNCE else MOST
    if len(set(keys)) > most:
        words = _("You can select at most %(most)d classes at once. Select fewer.")
        raise ActionRefused(words % {"most": most})
    rooms = visible_rooms(actor).filter(key__in=set(keys)).defer("properties", "ext_apps", "groups")
    if what == BulkAction.MUTE:
        rooms = rooms.annotate(microphones_on=Count("participants", filter=_WITH_MICROPHONE))
    return [plan(what, room) for room in rooms.order_by("name", "pk")]


def live_keys(actor: User) -> list[str]:
    """Return the keys of running classes that ``actor`` may see."""
    running = Q(state=RoomState.STARTED) | Q(state=None, profile_state=RoomState.STARTED)
    rooms = visible_rooms(actor).filter(running, gone_at=None).order_by("name", "pk")
    return list(rooms.values_list("key", flat=True))


def start(*, actor: User, what: str, keys: Collection[str], token: str, text: str = "") -> BulkRun:
    """Schedule a bulk action. If the form with this ``token`` was already sent, return its bulk action.

    ``text`` is the announcement. Raise ``ActionRefused`` in the same cases as ``preview``. Also raise it if
    another person sent the form, if the text is empty or too long, or if the cloud does not offer the
    command.
    """
    known = BulkRun.objects.filter(token=token, by=actor).first()
    if known is not None:
        return known
    if what == BulkAction.ANNOUNCE:
        messages.check_text(text)
    _require_offered(what)
    planned = preview(actor=actor, what=what, keys=keys)
    try:
        with transaction.atomic():
            run = BulkRun.objects.create(
                token=token,
                what=what,
                by=actor,
                made_at=clock.now(),
                text=text if what == BulkAction.ANNOUNCE else "",
            )
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
    """Schedule the failed items again and return how many. Items that were confirmed later are omitted.

    Raise ``ActionRefused`` if ``actor`` did not start the bulk action.
    """
    if run.by_id != actor.pk:
        raise ActionRefused(_("Only the person who started this bulk action can retry it."))
    permissions.require(actor, permissions.needed_for(_COMMANDS[run.what][0]))
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
    """Send the command to one class. Skip the class if the command is no longer useful."""
    run, room = item.run, item.room
    assert run is not None
    assert room is not None
    skip = plan(run.what, room).skip
    stops = run.what == BulkAction.END_ALL and is_recorded(room)
    _action, send = _COMMANDS[run.what]
    if skip or run.what == BulkAction.ANNOUNCE:
        sent = _sent(item, run, room)  # an earlier attempt may have ended the class already
        if sent is None and skip:
            return Outcome(state=State.CANCELLED, payload={"skip": skip})
        if sent is not None and not stops and (skip or not runner.has_failed(sent)):
            return Outcome(state=State.DONE, entry=sent)
        if skip:
            send = _stop_recording  # the earlier attempt only ended the class
    try:
        entry = send(access_to(item.by, room), run)
    except ActionRefused as error:
        return Outcome(state=State.FAILED, problem=error.problem)
    except (NotYours, NotAllowed):
        return Outcome(state=State.FAILED, problem=Problem("class_not_yours"))
    failed = runner.has_failed(entry)
    payload = {"stopped": True} if stops and not failed else None
    return Outcome(state=State.FAILED if failed else State.DONE, entry=entry, payload=payload)


def _require_offered(what: str) -> None:
    action, _send = _COMMANDS.get(what, ("", None))
    missing = capabilities.not_offered([action]).get(action)
    if missing is not None:
        raise ActionRefused(missing)


def _announce(access: ClassAccess, run: BulkRun) -> Entry:
    return messages.announce(access, text=run.text)


def _mute(access: ClassAccess, run: BulkRun) -> Entry:
    return media.set_media_of_many(access, device=Device.MICROPHONE, on=False, whom=Whom.STUDENTS)


def _end(access: ClassAccess, run: BulkRun) -> Entry:
    return class_state.end_class(access)


def _close(access: ClassAccess, run: BulkRun) -> Entry:
    return class_state.close_class(access)


def _record(access: ClassAccess, run: BulkRun) -> Entry:
    return recordings.start_recording(access)


def _stop_recording(access: ClassAccess, run: BulkRun) -> Entry:
    return recordings.stop_recording(access)


def _end_all(access: ClassAccess, run: BulkRun) -> Entry:
    """End the class. If it is being recorded, stop the recording, too."""
    if not is_recorded(access.room):
        return class_state.end_class(access)
    return class_state.decisive(*class_state.end_class_and_recording(access))


_COMMANDS: Final[dict[str, tuple[str, Callable[[ClassAccess, BulkRun], Entry]]]] = {
    BulkAction.ANNOUNCE: ("chat.announce", _announce),
    BulkAction.MUTE: ("class.microphones_off", _mute),
    BulkAction.END: ("class.end", _end),
    BulkAction.END_ALL: ("class.end", _end_all),
    BulkAction.CLOSE: ("class.close", _close),
    BulkAction.RECORD: ("recording.start", _record),
}


def _sent(item: ScheduledCommand, run: BulkRun, room: Room) -> Entry | None:
    """Return the audit entry of an earlier attempt, or None if no attempt has sent the command."""
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


def is_recorded(room: Room) -> bool:
    """Return whether the class is being recorded now, even if the recording is paused."""
    return room.recording_state == Recording.State.RECORDING


def _skip(what: str, room: Room) -> str:
    state = room.current_state
    if room.gone_at is not None:
        return Skip.GONE
    if state == RoomState.CLOSED:
        return Skip.CLOSED
    if what == BulkAction.CLOSE:
        return ""
    if what in (BulkAction.ANNOUNCE, BulkAction.MUTE):
        if state != RoomState.STARTED:
            return Skip.NOT_LIVE
        return Skip.NO_MICROPHONES if what == BulkAction.MUTE and not _microphones(room) else ""
    if what == BulkAction.RECORD:
        if state != RoomState.STARTED:
            return Skip.NOT_RUNNING
        return Skip.RECORDING if is_recorded(room) else ""
    if state == RoomState.ENDED:
        return Skip.ENDED
    return "" if state == RoomState.STARTED else Skip.NOT_STARTED


def _reach(count: int) -> str:
    if not count:
        return _("No one is present, but the message stays in the chat.")
    words = ngettext(
        "One person will see the announcement.", "%(count)d people will see the announcement.", count
    )
    return words % {"count": count}


def _microphones(room: Room) -> int:
    """Return how many students have their microphone on."""
    counted: int | None = getattr(room, "microphones_on", None)
    if counted is not None:
        return counted
    return (
        Room.objects.filter(pk=room.pk).aggregate(n=Count("participants", filter=_WITH_MICROPHONE))["n"] or 0
    )


def _effect(what: str, room: Room) -> str:
    if what == BulkAction.ANNOUNCE:
        return _reach(room.people_online)
    if what == BulkAction.MUTE:
        count = _microphones(room)
        words = ngettext(
            "Mutes the microphone of one student.", "Mutes the microphones of %(count)d students.", count
        )
        return words % {"count": count}
    if what == BulkAction.RECORD:
        return _("Records the teacher's video and audio from now on.")
    count = room.people_online
    if what != BulkAction.CLOSE:
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
            "Closes permanently. The person present must leave.",
            "Closes permanently. The %(count)d people present must leave.",
            count,
        )
    return words % {"count": count}
