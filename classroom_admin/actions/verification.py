"""Ask the cloud whether a command worked and which properties are set now, without changing anything.

`VERIFIERS` has a function for each kind of command that can be verified. `NOT_VERIFIABLE` gives the reason
why each other kind cannot be verified.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from classroom_admin.actions import effects, refusals, runner
from classroom_admin.actions.effects import Found, Verifier
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.runner import READ_S
from classroom_admin.agora.calls import ReadRoom, ReadUser
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument, RoomNotFound, UserNotFound
from classroom_admin.agora.models import read_object
from classroom_admin.agora.recording_and_file_calls import ListResources
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.redaction import shown_properties
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Participant, Room, RoomState

log = logging.getLogger(__name__)
RUNNING: Final = 1
STATE: Final = "common.state"
"""The cloud's name for the state of an extApp."""
KEPT_BY_THE_CLOUD: Final = frozenset(
    (
        *("schedule", "record", "processes", "widgets", "extApps", "extAppsCommon", "groups"),
        *("roomType", "muteChat", "screen", "carousel", "expandedScope"),
    )
)
"""Room properties that the cloud manages itself. Each can be changed by its own command."""
EXT_APP_STATE: Final = "common"


Read = Callable[[Client, Entry], Mapping[str, Any]]


def can_verify(action: str) -> bool:
    """Return whether the cloud shows if a command of this kind worked."""
    return action in VERIFIERS


def verify(access: ClassAccess, *, entry: Entry) -> Found:
    """Ask the cloud whether the command of `entry` worked. If it did, record *confirmed*.

    Raise ``ActionRefused`` if this kind of command can't be verified or the cloud does not answer.
    """
    if entry.room_uuid != access.room.room_uuid or entry.action not in VERIFIERS:
        raise ActionRefused(_("The cloud does not show whether this command worked."))
    client = runner.client()
    try:
        found = VERIFIERS[entry.action](client, entry)
    except CloudError as error:
        raise ActionRefused(refusals.problem_of(error, action="check")) from error
    if found.done:
        runner.record_confirmed(entry, detail=found.detail)
    return found


# --- one verifier for each kind of command ------------------------------------------------------------------


def _class_state(wanted: RoomState) -> Verifier:
    words = {
        RoomState.NOT_STARTED: lambda: pgettext("class state", "not started"),
        RoomState.STARTED: lambda: _("running"),
        RoomState.ENDED: lambda: pgettext("class state", "ended"),
        RoomState.CLOSED: lambda: pgettext("class state", "closed"),
    }

    def verifier(client: Client, entry: Entry) -> Found:
        try:
            state = client.send(ReadRoom(room_uuid=entry.room_uuid), deadline_s=READ_S).class_state
        except RoomNotFound:
            says = _("The cloud no longer has this class.")
            return Found(done=wanted == RoomState.CLOSED or None, says=says, detail={"state": None})
        known = RoomState(state) if state in RoomState.values else None
        if known is None:
            return Found(done=None, says=_("The cloud does not report the state of the class."), detail={})
        done = known == wanted or (wanted == RoomState.ENDED and known == RoomState.CLOSED)
        says = _("According to the cloud, the class is %(state)s.") % {"state": words[known]()}
        return Found(done=done, says=says, detail={"state": int(known)})

    return verifier


def _is_out(client: Client, entry: Entry) -> Found:
    try:
        there = client.send(ReadUser(room_uuid=entry.room_uuid, user_uuid=entry.target), deadline_s=READ_S)
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


def _recording(runs: bool) -> Verifier:
    def verifier(client: Client, entry: Entry) -> Found:
        listed = client.every_recording(entry.room_uuid, deadline_s=READ_S)
        running = any(each.status == RUNNING for each in listed)
        says = _("According to the cloud, a recording is running.")
        if not running:
            says = _("According to the cloud, no recording is running.")
        return Found(done=running == runs, says=says, detail={"running": running})

    return verifier


def _files(there: bool) -> Verifier:
    def verifier(client: Client, entry: Entry) -> Found:
        listed = client.send(ListResources(room_uuid=entry.room_uuid), deadline_s=READ_S)
        known = set(listed)
        asked = set(entry.params.get("resource_uuids") or [entry.target])
        done = asked <= known if there else not asked & known
        left = len(asked & known)
        return Found(done=done, says=_of_files(there, done=done, left=left), detail={"there": left})

    return verifier


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
        info = client.send(ReadRoom(room_uuid=entry.room_uuid), deadline_s=READ_S)
    except RoomNotFound:
        return Found(done=False, says=_("The cloud does not have this class."), detail={})
    return Found(
        done=True, says=_("According to the cloud, the class exists."), detail={"state": info.class_state}
    )


# The cloud returns properties and breakout rooms with the room or with the person.


def _of_room(client: Client, entry: Entry) -> Mapping[str, Any]:
    return client.send(ReadRoom(room_uuid=entry.room_uuid), deadline_s=READ_S).room_properties


def _of_person(client: Client, entry: Entry) -> Mapping[str, Any]:
    there = client.send(ReadUser(room_uuid=entry.room_uuid, user_uuid=entry.target), deadline_s=READ_S)
    return there.user_properties


def _of_ext_app(client: Client, entry: Entry) -> Mapping[str, Any]:
    """Return the extApp's properties. Its state is added under the key `STATE`."""
    room = _of_room(client, entry)
    own = read_object(read_object(room.get("extApps")).get(entry.target))
    common = read_object(read_object(room.get("extAppsCommon")).get(entry.target))
    return {**own, STATE: common.get("state")}


def _where_it_is(compare: Callable[[Mapping[str, Any], Entry], Found], read: Read) -> Verifier:
    """Return a verifier that passes the result of `read` to `compare`.

    If the cloud no longer has the room or the person, the result is unknown (`done` is None).
    """

    def verifier(client: Client, entry: Entry) -> Found:
        try:
            there = read(client, entry)
        except RoomNotFound:
            says = _("The cloud no longer has this class.")
        except UserNotFound:
            says = _("The cloud no longer has this person in this class.")
        else:
            return compare(there, entry)
        return Found(done=None, says=says, detail={})

    return verifier


def _are_set(there: Mapping[str, Any], entry: Entry) -> Found:
    """Compare the properties with those in the audit log.

    The log hides secrets, so only check that they exist.
    """
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


VERIFIERS: Final[dict[str, Verifier]] = {
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
    **effects.VERIFIERS,
}
NOT_VERIFIABLE: Final = {
    "participant.let_back": "No read shows who is banned.",
    "recording.ready": "No read shows whether the recorded page has loaded.",
    "recording.change": "No read shows the settings of a running recording.",
    "chat.announce": "No documented read shows announcements.",
    "participant.message": "No read shows direct messages.",
    "participant.reward": "No read shows rewards.",
    "rewards.give": "No read shows rewards.",
}
"""Commands that the cloud accepts but that can't be verified, with the reason."""


# --- current properties: events report changes only, not the properties that a room was created with -------


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Current properties. People may edit ``properties``. The cloud manages ``kept``.

    If ``from_cloud`` is True, they were just read from the cloud. Otherwise they come from events.
    """

    properties: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)
    from_cloud: bool = True


def properties_of_room(access: ClassAccess) -> Present:
    """Return the properties of the room."""
    read = _read_room(access.room)
    every = access.room.properties if read is None else read
    return Present(
        properties={name: value for name, value in every.items() if name not in KEPT_BY_THE_CLOUD},
        kept={name: value for name, value in every.items() if name in KEPT_BY_THE_CLOUD},
        from_cloud=read is not None,
    )


def properties_of_participant(access: ClassAccess, *, participant: Participant) -> Present:
    """Return the properties of a person in the class."""
    try:
        read = ReadUser(room_uuid=access.room.room_uuid, user_uuid=participant.user_uuid)
        info = runner.client().send(read, deadline_s=READ_S)
    except (CloudError, ActionRefused, InvalidArgument) as error:
        log.info("properties are shown as events told them: %s", error)
        return Present(properties=dict(participant.properties), from_cloud=False)
    return Present(properties=dict(info.user_properties))


def properties_of_ext_app(access: ClassAccess, *, ext_app_uuid: str) -> Present:
    """Return the properties of an extApp. ``kept["common"]`` is its state."""
    known = read_object(access.room.ext_apps.get(ext_app_uuid))
    read = _read_room(access.room)
    every: Mapping[str, Any] = (
        known if read is None else read_object(read_object(read.get("extApps")).get(ext_app_uuid))
    )
    kept = {EXT_APP_STATE: known[EXT_APP_STATE]} if EXT_APP_STATE in known else {}
    own = {name: value for name, value in every.items() if name != EXT_APP_STATE}
    return Present(properties=own, kept=kept, from_cloud=read is not None)


def _read_room(room: Room) -> dict[str, Any] | None:
    try:
        read = ReadRoom(room_uuid=room.room_uuid)
        return dict(runner.client().send(read, deadline_s=READ_S).room_properties)
    except (CloudError, ActionRefused, InvalidArgument) as error:
        log.info("properties are shown as events told them: %s", error)
        return None
