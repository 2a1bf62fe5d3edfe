"""What the cloud is read for to tell whether a command was done: one look for each kind of command.

A look changes nothing. `NO_LOOK` says of the others why no read shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from classroom_admin.actions.cloud import LOOK_S
from classroom_admin.actions.on_record import shown_properties
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import RoomNotFound, UserNotFound
from classroom_admin.agora.models import read_object
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.models import RoomState

RUNNING: Final = 1
STATE: Final = "common.state"
"""Of an extApp, as the cloud calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the cloud found: `done` whether the command shows there (None: what is there tells
    neither), `says` a sentence for people, `detail` what was seen, for the record.
    """

    done: bool | None
    says: str
    detail: dict[str, Any]


Look = Callable[[Client, Entry], Found]
Read = Callable[[Client, Entry], Mapping[str, Any]]


def _class_state(wanted: RoomState) -> Look:
    words = {
        RoomState.NOT_STARTED: lambda: pgettext("class state", "not started"),
        RoomState.STARTED: lambda: pgettext("class state", "running"),
        RoomState.ENDED: lambda: pgettext("class state", "ended"),
        RoomState.CLOSED: lambda: pgettext("class state", "closed"),
    }

    def look(client: Client, entry: Entry) -> Found:
        try:
            state = client.read_room(room_uuid=entry.room_uuid, deadline_s=LOOK_S).class_state
        except RoomNotFound:
            says = _("The cloud no longer has this class.")
            return Found(done=wanted == RoomState.CLOSED or None, says=says, detail={"state": None})
        known = RoomState(state) if state in RoomState.values else None
        if known is None:
            return Found(done=None, says=_("The cloud does not report the state of the class."), detail={})
        done = known == wanted or (wanted == RoomState.ENDED and known == RoomState.CLOSED)
        says = _("According to the cloud, the class is %(state)s.") % {"state": words[known]()}
        return Found(done=done, says=says, detail={"state": int(known)})

    return look


def _is_out(client: Client, entry: Entry) -> Found:
    try:
        there = client.read_user(room_uuid=entry.room_uuid, user_uuid=entry.target, deadline_s=LOOK_S)
        state = there.state
    except UserNotFound:
        state = 0
    if state != 0:
        return Found(
            done=False,
            says=_("According to the cloud, this person is in the class."),
            detail={"state": state},
        )
    if entry.params.get("ban_s") is None or entry.steps.filter(kind=Step.Kind.ACCEPTED).exists():
        return Found(
            done=True, says=_("According to the cloud, this person is not in the class."), detail={"state": 0}
        )
    says = _("According to the cloud, this person is not in the class. Ban status can't be verified.")
    return Found(done=None, says=says, detail={"state": 0})


def _recording(runs: bool) -> Look:
    def look(client: Client, entry: Entry) -> Found:
        listed = client.iter_recordings(room_uuid=entry.room_uuid, deadline_s=LOOK_S)
        running = any(each.status == RUNNING for each in listed)
        says = _("According to the cloud, a recording is running.")
        if not running:
            says = _("According to the cloud, no recording is running.")
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
            _("According to the cloud, the class has the file.")
            if done
            else _("According to the cloud, the class does not have the file.")
        )
    if done:
        return _("According to the cloud, the files are deleted.")
    return _("The cloud still has %(number)s of the files.") % {"number": left}


def _is_made(client: Client, entry: Entry) -> Found:
    try:
        info = client.read_room(room_uuid=entry.room_uuid, deadline_s=LOOK_S)
    except RoomNotFound:
        return Found(done=False, says=_("The cloud does not have this class."), detail={})
    return Found(
        done=True, says=_("According to the cloud, the class exists."), detail={"state": info.class_state}
    )


# --- properties and breakout rooms: read with the room, or with the person -------------------------------


def _of_room(client: Client, entry: Entry) -> Mapping[str, Any]:
    return client.read_room(room_uuid=entry.room_uuid, deadline_s=LOOK_S).room_properties


def _of_person(client: Client, entry: Entry) -> Mapping[str, Any]:
    there = client.read_user(room_uuid=entry.room_uuid, user_uuid=entry.target, deadline_s=LOOK_S)
    return there.user_properties


def _of_ext_app(client: Client, entry: Entry) -> Mapping[str, Any]:
    """With its state as a property like the others, for that is set by the same command."""
    room = _of_room(client, entry)
    own = read_object(read_object(room.get("extApps")).get(entry.target))
    common = read_object(read_object(room.get("extAppsCommon")).get(entry.target))
    return {**own, STATE: common.get("state")}


def _where_it_is(look: Callable[[Mapping[str, Any], Entry], Found], read: Read) -> Look:
    """A look at what `read` gives, where the cloud still has whose it is."""

    def looks(client: Client, entry: Entry) -> Found:
        try:
            there = read(client, entry)
        except RoomNotFound:
            says = _("The cloud no longer has this class.")
        except UserNotFound:
            says = _("The cloud no longer has this person in this class.")
        else:
            return look(there, entry)
        return Found(done=None, says=says, detail={})

    return looks


def _are_set(there: Mapping[str, Any], entry: Entry) -> Found:
    """By what the record shows of them: secrets are hidden there, so of those only that they are there."""
    asked = {str(one["name"]): one["value"] for one in entry.params.get("properties") or ()}
    if "state" in entry.params:
        asked[STATE] = entry.params["state"]
    shown = {one["name"]: one["value"] for one in shown_properties(dict(there))}
    other = [name for name, value in asked.items() if name not in shown or shown[name] != value]
    says = _("According to the cloud, the properties are set as requested.")
    if other:
        says = _("According to the cloud, these properties have other values: %(names)s.") % {
            "names": ", ".join(other)
        }
    return Found(done=not other, says=says, detail={"other": other})


def _are_gone(there: Mapping[str, Any], entry: Entry) -> Found:
    left = [name for name in entry.params.get("names") or () if name in there]
    says = _("According to the cloud, the properties are deleted.")
    if left:
        says = _("The cloud still has these properties: %(names)s.") % {"names": ", ".join(left)}
    return Found(done=not left, says=says, detail={"left": left})


def _are_open(there: Mapping[str, Any], entry: Entry) -> Found:
    known = breakout_rooms.read(there.get("groups"))
    missing = [
        asked
        for asked in entry.params.get("groups") or ()
        if not any(_is_meant(asked, one) and _holds(one, asked.get("users") or ()) for one in known)
    ]
    says = _("According to the cloud, the breakout rooms are open with the assigned people.")
    if missing:
        says = _(
            "According to the cloud, some of these breakout rooms are not open with the assigned people."
        )
    return Found(done=not missing, says=says, detail={"open": len(known), "missing": len(missing)})


def _are_closed(there: Mapping[str, Any], entry: Entry) -> Found:
    known = breakout_rooms.read(there.get("groups"))
    asked = entry.params.get("groups")
    left = [one for one in known if not asked or any(_is_meant(each, one) for each in asked)]
    says = _("According to the cloud, the breakout rooms are closed.")
    if left:
        says = _("The cloud still has %(number)s of the breakout rooms.") % {"number": len(left)}
    return Found(done=not left, says=says, detail={"left": len(left)})


def _is_meant(asked: Mapping[str, Any], one: breakout_rooms.Group) -> bool:
    uuid = asked.get("groupUuid")
    return bool(uuid == one.uuid if uuid else asked.get("groupName") == one.name)


def _holds(one: breakout_rooms.Group, users: Sequence[Any]) -> bool:
    wanted = {str(user.get("userUuid")) if isinstance(user, Mapping) else str(user) for user in users}
    return wanted <= set(one.members)


LOOKS: Final[dict[str, Look]] = {
    "class.create": _is_made,
    "class.start": _class_state(RoomState.STARTED),
    "class.end": _class_state(RoomState.ENDED),
    "class.close": _class_state(RoomState.CLOSED),
    "participant.remove": _is_out,
    "recording.start": _recording(True),
    "recording.stop": _recording(False),
    "resource.put": _files(True),
    "resource.delete": _files(False),
    "room.set_properties": _where_it_is(_are_set, _of_room),
    "room.delete_properties": _where_it_is(_are_gone, _of_room),
    "participant.set_properties": _where_it_is(_are_set, _of_person),
    "participant.delete_properties": _where_it_is(_are_gone, _of_person),
    "ext_app.set_properties": _where_it_is(_are_set, _of_ext_app),
    "ext_app.delete_properties": _where_it_is(_are_gone, _of_ext_app),
    "groups.open": _where_it_is(_are_open, _of_room),
    "groups.close": _where_it_is(_are_closed, _of_room),
}
NO_LOOK: Final = {
    "participant.let_back": "No read tells who may not come in.",
    "recording.pause": "No read tells whether a recording waits.",
    "recording.resume": "No read tells whether a recording waits.",
    "recording.change": "No read tells with which settings a recording runs.",
}
"""Commands that the cloud takes and no read of it shows, and why."""
