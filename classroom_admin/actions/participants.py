"""Commands about one person in a class: remove them, let them back in."""

import math
from datetime import datetime
from typing import Any, Final

from classroom_admin.accounts.models import User
from classroom_admin.actions import flow
from classroom_admin.actions.cloud import COMMAND_S, LOOK_S
from classroom_admin.actions.command import Command, Confirms, Detail
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora.checks import FOREVER
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import UserNotFound
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.sentence import Sentence
from classroom_admin.rooms.models import Participant, Room

PRESENCE_EVENT: Final = 20
LONGEST_REASON: Final = 500


def remove_participant(
    *,
    actor: User,
    room: Room,
    participant: Participant,
    duration_s: int | None = None,
    for_the_class: bool = False,
    for_good: bool = False,
    reason: str = "",
    planned: int | None = None,
) -> Entry:
    """Remove a person from the class (contract A: kick a user), now or for a while.

    Nothing given: they may come straight back. ``duration_s``: not for so many seconds (600, 3600…).
    ``for_the_class``: not before its planned close (see ``rest_of_class``). ``for_good``: never again in this
    room. At most one of the three. ``reason`` (at most 500 characters) stays in the record.
    ``planned``: the ``PlannedRemoval`` that this carries out.

    Confirmed by event 20 with this person offline; for somebody who is away, by reading that they are.
    """
    if participant.room_id != room.pk:
        raise ActionRefused(Sentence("This person is not in this class. Reload the page."), field="userUuid")
    asked: dict[str, Any] = {
        "duration_s": duration_s,
        "for_the_class": for_the_class,
        "for_good": for_good,
        "reason": reason,
    }
    check_removal(**asked)
    user_uuid = participant.user_uuid
    ban_s = (
        FOREVER if for_good else rest_of_class(room, now=clock.cloud_now()) if for_the_class else duration_s
    )

    def call(cloud: Client) -> Detail | None:
        cloud.kick_user(
            room_uuid=room.room_uuid,
            user_uuid=user_uuid,
            dirty_state=None if ban_s is None else 1,
            duration_s=ban_s,
            deadline_s=COMMAND_S,
        )
        return None

    def read_back(cloud: Client) -> Detail | None:
        return {"state": 0} if _is_away(cloud, room_uuid=room.room_uuid, user_uuid=user_uuid) else None

    command = Command(
        action="participant.remove",
        room_uuid=room.room_uuid,
        target=user_uuid,
        target_name=participant.name,
        params={
            **{name: value for name, value in asked.items() if value},
            "ban_s": ban_s,
            **({} if planned is None else {"planned": planned}),
        },
        same_as={"target": user_uuid, "planned": planned, **asked},
        call=call,
        confirmed_by=Confirms(cmd=PRESENCE_EVENT, match={"offline": user_uuid}),
        read_back=None if participant.online else read_back,
        shows_by_itself=ban_s is None,  # that somebody is away does not tell that they may not come back
    )
    return flow.run(actor=actor, room=room, command=command)


def check_removal(*, duration_s: int | None, for_the_class: bool, for_good: bool, reason: str = "") -> None:
    """Raise ``ActionRefused`` for what makes no sense."""
    if sum((duration_s is not None, for_the_class, for_good)) > 1:
        raise ActionRefused(
            Sentence("Choose a ban: for a period, for this class, or permanently."), field="dirty.duration"
        )
    if duration_s == FOREVER:
        raise ActionRefused(Sentence("Enter the number of seconds, 1 or more."), field="dirty.duration")
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise ActionRefused(
            Sentence("The reason must be at most {most} characters.", most=LONGEST_REASON),
            field="reason",
        )


def _is_away(cloud: Client, *, room_uuid: str, user_uuid: str) -> bool:
    try:
        return cloud.read_user(room_uuid=room_uuid, user_uuid=user_uuid, deadline_s=LOOK_S).state == 0
    except UserNotFound:
        return True


def rest_of_class(room: Room, *, now: datetime) -> int:
    """For how long (s) somebody is kept out who is removed "for the class": until its planned close.

    Where no close is planned, or it is over already, for good (-1): a removal belongs to its room, and the
    cloud deletes the room with the class.
    """
    if room.planned_close_at is None or room.planned_close_at <= now:
        return FOREVER
    return math.ceil((room.planned_close_at - now).total_seconds())


def let_back(*, actor: User, room: Room, user_uuid: str) -> Entry:
    """Let a removed person back in (contract A: kick with ``dirty.state`` 0, whose effect is guessed).

    *Accepted* is the last word: no event and no read shows it. Where the cloud refuses, the sentence says so.
    Refused here for somebody who is in the class: the call is a kick, and might put them out.
    """
    flow.authorise(actor, room)  # before the refusal below tells anything about the room
    participant = room.participants.filter(user_uuid=user_uuid).first()
    if participant is not None and participant.online:
        raise ActionRefused(
            Sentence("This person is already in the class. Reload the page."), field="userUuid"
        )

    def call(cloud: Client) -> Detail | None:
        cloud.kick_user(room_uuid=room.room_uuid, user_uuid=user_uuid, dirty_state=0, deadline_s=COMMAND_S)
        return None

    command = Command(
        action="participant.let_back",
        room_uuid=room.room_uuid,
        target=user_uuid,
        target_name=participant.name if participant else "",
        call=call,
    )
    return flow.run(actor=actor, room=room, command=command)
