"""Commands about a person in a class: remove them now, schedule or cancel a removal, unban them."""

import math
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import runner, scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.runner import READ_S, Command, Confirms, Detail, valid
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.agora.calls import KickUser, ReadUser, UnbanUser
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import UserNotFound
from classroom_admin.agora.fields import FOREVER
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.events import EventKind
from classroom_admin.rooms.access import ClassAccess, NotAllowed, NotYours, access_to
from classroom_admin.rooms.models import Participant, Room

LONGEST_REASON: Final = 500
LONGEST_SCHEDULED_REASON: Final = 200
SHORTEST_S: Final = 5
LONGEST_S: Final = 3 * 60 * 60


def remove_participant(
    access: ClassAccess,
    *,
    participant: Participant,
    duration_s: int | None = None,
    for_the_class: bool = False,
    for_good: bool = False,
    reason: str = "",
    planned: int | None = None,
) -> Entry:
    """Remove a person from the class and optionally ban them.

    Pass at most one ban argument. ``duration_s`` is the ban in seconds, ``for_the_class`` bans until the
    planned close, and ``for_good`` bans permanently. ``reason`` is for the audit log only and has at most 500
    characters. ``planned`` is the id of the scheduled command, if any.

    Event 20 with this person offline confirms the command. If the person is already away, a read confirms it.
    Raise ``ActionRefused`` if the arguments are invalid or the person is in another class.
    """
    room = access.room
    if participant.room_id != room.pk:
        raise ActionRefused(Problem("not_in_this_class"), field="userUuid")
    asked: dict[str, Any] = {
        "duration_s": duration_s,
        "for_the_class": for_the_class,
        "for_good": for_good,
        "reason": reason,
    }
    check_removal(**asked)
    ban_s = (
        FOREVER if for_good else rest_of_class(room, now=clock.cloud_now()) if for_the_class else duration_s
    )
    command = _removal(room, participant, ban_s=ban_s, asked=asked, planned=planned)
    return runner.run(access, command)


def _removal(
    room: Room, participant: Participant, *, ban_s: int | None, asked: dict[str, Any], planned: int | None
) -> Command:
    """Return the command that removes a person. ``ban_s`` is the ban in seconds, or None for no ban."""
    user_uuid = participant.user_uuid

    def read_back(cloud: Client) -> Detail | None:
        return {"state": 0} if _is_away(cloud, room_uuid=room.room_uuid, user_uuid=user_uuid) else None

    return Command(
        action="participant.remove",
        target=user_uuid,
        target_name=participant.name,
        params={
            **{name: value for name, value in asked.items() if value},
            "ban_s": ban_s,
            **({} if planned is None else {"planned": planned}),
        },
        same_as={"target": user_uuid, "planned": planned, **asked},
        call=valid(KickUser, room_uuid=room.room_uuid, user_uuid=user_uuid, ban_s=ban_s),
        confirmed_by=Confirms(event=EventKind.PRESENCE, match={"offline": user_uuid}),
        read_back=None if participant.online else read_back,
        shows_by_itself=ban_s is None,  # being away does not prove the ban
    )


def check_removal(*, duration_s: int | None, for_the_class: bool, for_good: bool, reason: str = "") -> None:
    """Raise ``ActionRefused`` if the arguments contradict each other or are out of range."""
    if sum((duration_s is not None, for_the_class, for_good)) > 1:
        raise ActionRefused(Problem("bans_contradict"), field="dirty.duration")
    if duration_s == FOREVER:
        raise ActionRefused(Problem("ban_seconds_wrong"), field="dirty.duration")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise ActionRefused(Problem("reason_too_long", {"most": LONGEST_REASON}), field="reason")


def _is_away(cloud: Client, *, room_uuid: str, user_uuid: str) -> bool:
    try:
        return cloud.send(ReadUser(room_uuid=room_uuid, user_uuid=user_uuid), deadline_s=READ_S).state == 0
    except UserNotFound:
        return True


def rest_of_class(room: Room, *, now: datetime) -> int:
    """Return the seconds until the planned close of the class. If this is unknown or past, return -1.

    -1 means a permanent ban. It ends with the class, because the cloud deletes it with the room.
    """
    if room.planned_close_at is None or room.planned_close_at <= now:
        return FOREVER
    return math.ceil((room.planned_close_at - now).total_seconds())


def unban(access: ClassAccess, *, user_uuid: str) -> Entry:
    """Unban a person by a kick call with ``dirty.state`` 0.

    The cloud's documentation does not mention this. Raise ``ActionRefused`` if the person is present, because
    the call would probably remove them. *Accepted* is final, because no event and no read shows an unban.
    """
    participant = access.room.participants.filter(user_uuid=user_uuid).first()
    if participant is not None and participant.online:
        raise ActionRefused(Problem("already_in_class"), field="userUuid")

    command = Command(
        action="participant.let_back",
        target=user_uuid,
        target_name=participant.name if participant else "",
        call=valid(UnbanUser, room_uuid=access.room.room_uuid, user_uuid=user_uuid),
    )
    return runner.run(access, command)


def scheduled_removals(room: Room) -> QuerySet[ScheduledCommand]:
    """Return all removals scheduled for a class, including past and cancelled ones."""
    return ScheduledCommand.objects.filter(kind=Kind.REMOVAL, room=room)


def schedule_removal(
    access: ClassAccess, *, participant: Participant, after_s: int, reason: str = "", **span: Any
) -> ScheduledCommand:
    """Schedule the removal of a person in ``after_s`` seconds (5 to 10,800).

    ``span`` has the ban arguments of ``remove_participant``. The audit entry is written immediately. Raise
    ``ActionRefused`` if an argument is invalid or a removal of this person is already scheduled.
    """
    access.require(Permission.RUN)
    if participant.room_id != access.room.pk:
        raise ActionRefused(Problem("not_in_this_class"), field="userUuid")
    if not SHORTEST_S <= after_s <= LONGEST_S:
        raise ActionRefused(_("Choose a time between 5 seconds and 3 hours."), field="after")
    check_removal(**{"duration_s": None, "for_the_class": False, "for_good": False, **span})
    if len(reason) > LONGEST_SCHEDULED_REASON or "\x00" in reason:
        raise ActionRefused(Problem("reason_too_long", {"most": LONGEST_SCHEDULED_REASON}), field="reason")
    now = clock.now()
    due_at = now + timedelta(seconds=after_s)
    try:
        with transaction.atomic():
            command = ScheduledCommand.objects.create(
                kind=Kind.REMOVAL,
                by=access.person,
                room=access.room,
                key=participant.user_uuid,
                payload={"name": participant.name, "span": span, "reason": reason},
                created_at=now,
                changed_at=now,
                due_at=due_at,
                claimable_at=due_at,
            )
            asked = {"after_s": after_s, **span, "reason": reason}
            _record_removal("participant.plan_removal", command, by=access.person, params=asked)
            scheduled.wake_up(scheduled.RUN_SCHEDULED, first=command.pk, after_s=after_s)
    except IntegrityError as error:
        raise ActionRefused(
            _(
                "A removal of this person is already scheduled. Cancel that removal first, or wait until "
                "it is done."
            )
        ) from error
    return command


def cancel_removal(access: ClassAccess, *, command: ScheduledCommand) -> bool:
    """Cancel the scheduled removal ``command``.

    Return False if the removal is being sent, done, failed or cancelled, or if it belongs to another class.
    """
    access.require(Permission.RUN)
    with transaction.atomic():
        waiting = scheduled_removals(access.room).filter(pk=command.pk, state=State.WAITING)
        if not waiting.update(state=State.CANCELLED, claimable_at=None, changed_at=clock.now()):
            return False
        params = {"planned": command.pk}
        _record_removal("participant.call_off_removal", command, by=access.person, params=params)
    return True


@scheduled.handler(Kind.REMOVAL)
def _run_removal(command: ScheduledCommand) -> Outcome:
    """Remove a person in the name of the user who scheduled the removal."""
    try:
        return Outcome(state=State.DONE, entry=_sent_before(command) or _remove(command))
    except ActionRefused as error:
        why = error.problem
    except (NotYours, NotAllowed):
        why = Problem("removal_not_allowed")

    def not_done() -> None:
        _record_removal(
            "participant.remove",
            command,
            by=command.by,
            params={"planned": command.pk},
            outcome=Step.Kind.FAILED,
            detail={"reason": why.as_json()},
        )

    return Outcome(state=State.FAILED, problem=why, record=not_done)


def _sent_before(command: ScheduledCommand) -> Entry | None:
    """Return the entry of the removal if an earlier worker sent it and then died. Otherwise return None."""
    assert command.room is not None
    return Entry.objects.filter(
        room_uuid=command.room.room_uuid,
        action="participant.remove",
        target=command.key,
        params__planned=command.pk,
    ).first()


def _remove(command: ScheduledCommand) -> Entry:
    """Remove the person and return the entry. Raise ``ActionRefused`` or ``NotYours`` if nothing was sent."""
    assert command.room is not None
    access = access_to(command.by, command.room)
    person = Participant.objects.filter(room=access.room, user_uuid=command.key).first()
    if person is None:
        raise ActionRefused(Problem("person_not_present"))
    if not person.online and not command.payload["span"]:
        raise ActionRefused(Problem("person_already_left"))
    return remove_participant(
        access,
        participant=person,
        reason=command.payload["reason"],
        planned=command.pk,
        **command.payload["span"],
    )


def _record_removal(
    action: str, command: ScheduledCommand, *, by: User, params: dict[str, Any], **how: Any
) -> None:
    assert command.room is not None
    record.done(
        actor=by,
        action=action,
        room_uuid=command.room.room_uuid,
        target=command.key,
        target_name=command.payload["name"],
        params={name: value for name, value in params.items() if value},
        **how,
    )
