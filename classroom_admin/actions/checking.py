"""Did it happen? Where the event that confirms a command does not come, the cloud is read and tells.

One function for each kind of command: what it reads, and whether that shows the command done. What shows it
confirms the command on record; what does not is told to the one who asks, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions import cloud, flow, refusals, settle
from classroom_admin.actions.cloud import LOOK_S
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, RoomNotFound, UserNotFound
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.models import Room, RoomState

RUNNING: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the cloud found: `done` whether the command shows there, `says` a sentence for people,
    `detail` what was seen, for the record.
    """

    done: bool
    says: str
    detail: dict[str, Any]


Look = Callable[[Client, Entry], Found]


def can_check(action: str) -> bool:
    """Whether any read of the cloud can show that such a command was done."""
    return action in LOOKS


def check(*, actor: User, room: Room, entry: Entry) -> Found:
    """Read at the cloud whether `entry` was done, now. Where it shows, *confirmed* is put on record.

    Raises ``NotYours``, and ``ActionRefused`` for what no read shows or when the cloud can't be asked.
    """
    flow.authorise(actor, room)
    if entry.room_uuid != room.room_uuid or entry.action not in LOOKS:
        raise ActionRefused(_("No question to the cloud can tell whether this was done."))
    client = cloud.client()
    try:
        found = LOOKS[entry.action](client, entry)
    except CloudError as error:
        raise ActionRefused(refusals.sentence_for(error, action="check")) from error
    if found.done and not entry.steps.filter(kind=Step.Kind.CONFIRMED).exists():
        settle.seen(entry, detail=found.detail)
    return found


def _class_state(wanted: RoomState) -> Look:
    words = {
        RoomState.NOT_STARTED: lambda: _("not started"),
        RoomState.STARTED: lambda: _("running"),
        RoomState.ENDED: lambda: _("ended"),
        RoomState.CLOSED: lambda: _("closed"),
    }

    def look(client: Client, entry: Entry) -> Found:
        try:
            state = client.read_room(room_uuid=entry.room_uuid, deadline_s=LOOK_S).class_state
        except RoomNotFound:
            says = _("The cloud does not keep this class any more.")
            return Found(done=wanted == RoomState.CLOSED, says=says, detail={"state": None})
        known = RoomState(state) if state in RoomState.values else None
        if known is None:
            return Found(done=False, says=_("The cloud does not say how the class stands."), detail={})
        done = known == wanted or (wanted == RoomState.ENDED and known == RoomState.CLOSED)
        says = _("The cloud says: the class is %(state)s.") % {"state": words[known]()}
        return Found(done=done, says=says, detail={"state": int(known)})

    return look


def _is_out(client: Client, entry: Entry) -> Found:
    try:
        there = client.read_user(room_uuid=entry.room_uuid, user_uuid=entry.target, deadline_s=LOOK_S)
    except UserNotFound:
        return Found(done=True, says=_("The cloud says: they are not in the class."), detail={"state": 0})
    if there.state == 0:
        return Found(done=True, says=_("The cloud says: they are not in the class."), detail={"state": 0})
    return Found(done=False, says=_("The cloud says: they are in the class."), detail={"state": there.state})


def _recording(runs: bool) -> Look:
    def look(client: Client, entry: Entry) -> Found:
        listed = client.iter_recordings(room_uuid=entry.room_uuid, deadline_s=LOOK_S)
        running = any(each.status == RUNNING for each in listed)
        says = _("The cloud says: a recording is running.")
        if not running:
            says = _("The cloud says: no recording is running.")
        return Found(done=running == runs, says=says, detail={"running": running})

    return look


def _files(there: bool) -> Look:
    def look(client: Client, entry: Entry) -> Found:
        listed = client.list_resources(room_uuid=entry.room_uuid, deadline_s=LOOK_S)
        known = {each.resource_uuid for each in listed}
        asked = set(entry.params.get("resource_uuids") or [entry.target])
        done = asked <= known if there else not asked & known
        left = len(asked & known)
        return Found(done=done, says=_of_files(there, done=done, left=left), detail={"there": left})

    return look


def _of_files(there: bool, *, done: bool, left: int) -> str:
    if there:
        return (
            _("The cloud says: the class has the file.") if done else _("The cloud does not have the file.")
        )
    if done:
        return _("The cloud says: the files are gone.")
    return _("The cloud still has %(number)s of the files.") % {"number": left}


LOOKS: Final[dict[str, Look]] = {
    "class.start": _class_state(RoomState.STARTED),
    "class.end": _class_state(RoomState.ENDED),
    "class.close": _class_state(RoomState.CLOSED),
    "participant.remove": _is_out,
    "recording.start": _recording(True),
    "recording.stop": _recording(False),
    "resource.put": _files(True),
    "resource.delete": _files(False),
}
