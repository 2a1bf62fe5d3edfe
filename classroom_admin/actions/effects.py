"""Read from the cloud whether a command has had its effect.

Each function gets the client and the entry of the command. `VERIFIERS` has a function for each kind of
command whose effect the cloud shows. A command's `read_back` uses the same functions to confirm the command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from classroom_admin.actions import agora_chat
from classroom_admin.actions.runner import READ_S, Detail
from classroom_admin.agora.calls import ReadRoom, ReadUser
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import RoomNotFound, UserNotFound
from classroom_admin.agora.media_calls import Block, ReadBlocks, ReadSnapshot
from classroom_admin.agora.models import RoomInfo, StreamInfo, read_int, read_object, read_objects
from classroom_admin.audit.models import Entry
from classroom_admin.events.values import flag
from classroom_admin.rooms import breakout_rooms
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.agora_chat import chat_user_of
from classroom_admin.rooms.models import Participant, Room

STREAMS: Final = "streams"
"""The parameter with the ids of the streams that a command changes. Pages do not show it."""
PRIVILEGE: Final = {"microphone": "publish_audio", "camera": "publish_video"}
"""The cloud's names for the rights to use a device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a verification.

    `done` is True if the command worked. It is None if the cloud does not show this. `says` is a sentence for
    people. `detail` is what the cloud reported, for the audit log.
    """

    done: bool | None
    says: str
    detail: dict[str, Any]


Verifier = Callable[[Client, Entry], Found]


def read_back(
    access: ClassAccess, action: str, *, target: str = "", params: Mapping[str, Any] | None = None
) -> Callable[[Client], Detail | None]:
    """Return the ``read_back`` of a command with this action, target and parameters."""
    asked = Entry(room_uuid=access.room.room_uuid, action=action, target=target, params=dict(params or {}))

    def read(cloud: Client) -> Detail | None:
        found = VERIFIERS[action](cloud, asked)
        return found.detail if found.done else None

    return read


def _answer(done: bool | None, detail: Detail) -> Found:
    if done is None:
        return Found(done=None, says=_("The cloud does not show whether this command worked."), detail=detail)
    says = (
        _("According to the cloud, the command worked.")
        if done
        else _("According to the cloud, the command did not work.")
    )
    return Found(done=done, says=says, detail=detail)


def _gone(says: str) -> Found:
    return Found(done=None, says=says, detail={})


# --- cameras and microphones --------------------------------------------------------------------------------


def _streams(device: str, on: bool) -> Verifier:
    """Return a verifier that is done if all streams of the command have the device on or off."""

    def verifier(client: Client, entry: Entry) -> Found:
        try:
            known = client.send(ReadSnapshot(room_uuid=entry.room_uuid), deadline_s=READ_S)
        except RoomNotFound:
            return _gone(_("The cloud no longer has this class."))
        asked = entry.params.get(STREAMS) or ()
        there = [known[stream] for stream in asked if stream in known]
        if not there:
            return _answer(None, {"streams": len(asked)})
        right = sum(_state(stream, device) == int(on) for stream in there)
        return _answer(right == len(there), {"streams": len(there), "changed": right})

    return verifier


def _state(stream: StreamInfo, device: str) -> int | None:
    return stream.audio_state if device == "microphone" else stream.video_state


def _is_blocked(client: Client, entry: Entry) -> Found:
    """Read whether the cloud blocks all streams and devices that the command should block."""
    blocked = client.send(ReadBlocks(app_id=client.config.app_id), deadline_s=READ_S)
    asked = {
        Block(entry.room_uuid, int(stream), PRIVILEGE[what])
        for stream in entry.params.get(STREAMS) or ()
        for what in entry.params.get("what") or ()
    }
    return _answer(asked <= blocked if asked else None, {})


def _screen_is_off(client: Client, entry: Entry) -> Found:
    try:
        known = client.send(ReadSnapshot(room_uuid=entry.room_uuid), deadline_s=READ_S)
    except RoomNotFound:
        return _gone(_("The cloud no longer has this class."))
    asked = entry.params.get(STREAMS) or ()
    shared = sum(1 for stream in asked if stream in known and known[stream].video_state != 0)
    return _answer(not shared, {"shared": shared})


# --- properties of the room and of the person ---------------------------------------------------------------


def _of_room(is_done: Callable[[RoomInfo, Entry], bool | None]) -> Verifier:
    def verifier(client: Client, entry: Entry) -> Found:
        try:
            info = client.send(ReadRoom(room_uuid=entry.room_uuid), deadline_s=READ_S)
        except RoomNotFound:
            return _gone(_("The cloud no longer has this class."))
        return _answer(is_done(info, entry), {})

    return verifier


def _inside(info: RoomInfo, *names: str) -> Any:
    value: Any = info.room_properties
    for name in names:
        value = read_object(value).get(name)
    return value


def _chat_is(muted: bool) -> Verifier:
    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        state = info.mute_chat
        if state is None:
            state = read_int(_inside(info, "muteChat"))
        return None if state is None else bool(state) == muted

    def verifier(client: Client, entry: Entry) -> Found:
        room = Room.objects.filter(room_uuid=entry.room_uuid).first()
        if room is not None and (chat := agora_chat.chat_room(room)) is not None:
            return _answer(agora_chat.everyone_is(client, chat, muted=muted), {})
        return _of_room(is_done)(client, entry)

    return verifier


def _person_chat_is(muted: bool) -> Verifier:
    def verifier(client: Client, entry: Entry) -> Found:
        person = Participant.objects.filter(room__room_uuid=entry.room_uuid, user_uuid=entry.target).first()
        if person is not None and (chat := agora_chat.chat_room(person.room)) is not None:
            done = agora_chat.person_is(client, chat, chat_user_of(person), muted=muted)
            return _answer(done, {})
        read = ReadUser(room_uuid=entry.room_uuid, user_uuid=entry.target)
        try:
            properties = client.send(read, deadline_s=READ_S).user_properties
        except UserNotFound:
            return _gone(_("The cloud no longer has this person in this class."))
        except RoomNotFound:
            return _gone(_("The cloud no longer has this class."))
        state = read_int(read_object(properties.get("mute")).get("muteChat"))
        return _answer(bool(state) == muted, {})

    return verifier


def _listed(info: RoomInfo, process: str, name: str) -> set[str] | None:
    """Return the user ids in a list of the room's `processes`, or None if the cloud omits the list."""
    value = _inside(info, "processes", process, name)
    if not isinstance(value, list):
        return None
    named = {str(one.get("userUuid")) for one in read_objects(value)}
    return named | {one for one in value if isinstance(one, str)}


def _on_stage(there: bool) -> Verifier:
    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        accepted = _listed(info, "handsUp", "accepted")
        return None if accepted is None else (entry.target in accepted) == there

    return _of_room(is_done)


def _stage_is_empty(info: RoomInfo, entry: Entry) -> bool | None:
    accepted = _listed(info, "handsUp", "accepted")
    return None if accepted is None else not accepted


def _hands_are_down(info: RoomInfo, entry: Entry) -> bool | None:
    raised = _listed(info, "waveArm", "progress")
    if raised is None:
        return None
    return entry.target not in raised if entry.target else not raised


def _hands_open(opened: bool) -> Verifier:
    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        state = read_int(_inside(info, "processes", "handsUp", "enabled"))
        return None if state is None else bool(state) == opened

    return _of_room(is_done)


def _widget_is(on: bool, name: str = "") -> Verifier:
    """Return a verifier for the state of the widget ``name``. If it is empty, use the command's target."""

    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        state = read_int(_inside(info, "widgets", name or entry.target, "state"))
        return None if state is None and on else bool(state) == on

    return _of_room(is_done)


def _state_of(name: str) -> Verifier:
    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        value = _inside(info, name)
        return not read_int(read_object(value).get("state")) if isinstance(value, dict) else None

    return _of_room(is_done)


def _recording_is_paused(paused: bool) -> Verifier:
    """Return a verifier that reads the property `record.onhold`."""

    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        onhold = flag(_inside(info, "record", "onhold"))
        return None if onhold is None else onhold == paused

    return _of_room(is_done)


COUNTDOWN: Final = "countdownTimer"
RUNNING, PAUSED = 1, 2


def _countdown_is(state: int) -> Verifier:
    def is_done(info: RoomInfo, entry: Entry) -> bool | None:
        return read_int(_inside(info, "widgets", COUNTDOWN, "extra", "state")) == state

    return _of_room(is_done)


# --- breakout rooms -----------------------------------------------------------------------------------------


def _moved(info: RoomInfo, entry: Entry) -> bool:
    into = entry.params.get("into_id") or None
    where = [
        group.uuid
        for group in breakout_rooms.read(info.room_properties.get("groups"))
        if entry.params.get("user_id") in group.members
    ]
    return where == ([into] if into else [])


def _renamed(info: RoomInfo, entry: Entry) -> bool:
    known = breakout_rooms.read(info.room_properties.get("groups"))
    return any(group.uuid == entry.target and group.name == entry.params.get("name") for group in known)


def _closed(info: RoomInfo, entry: Entry) -> bool:
    known = breakout_rooms.read(info.room_properties.get("groups"))
    return all(group.uuid != entry.target for group in known)


VERIFIERS: Final[dict[str, Verifier]] = {
    "participant.microphone_off": _streams("microphone", False),
    "participant.microphone_on": _streams("microphone", True),
    "participant.camera_off": _streams("camera", False),
    "participant.camera_on": _streams("camera", True),
    "class.microphones_off": _streams("microphone", False),
    "class.microphones_on": _streams("microphone", True),
    "class.cameras_off": _streams("camera", False),
    "class.cameras_on": _streams("camera", True),
    "participant.block_publishing": _is_blocked,
    "participant.stop_screen": _screen_is_off,
    "participant.mute_chat": _person_chat_is(True),
    "participant.unmute_chat": _person_chat_is(False),
    "chat.mute": _chat_is(True),
    "chat.unmute": _chat_is(False),
    "participant.stage_on": _on_stage(True),
    "participant.stage_off": _on_stage(False),
    "stage.clear": _of_room(_stage_is_empty),
    "participant.lower_hand": _of_room(_hands_are_down),
    "stage.lower_hands": _of_room(_hands_are_down),
    "stage.open_hands": _hands_open(True),
    "stage.close_hands": _hands_open(False),
    "groups.move": _of_room(_moved),
    "groups.rename": _of_room(_renamed),
    "groups.close_one": _of_room(_closed),
    "tool.on": _widget_is(True),
    "tool.off": _widget_is(False),
    "tool.stop_carousel": _state_of("carousel"),
    "tool.stop_video_wall": _state_of("expandedScope"),
    "recording.pause": _recording_is_paused(True),
    "recording.resume": _recording_is_paused(False),
    "quiz.start": _widget_is(True, "popupQuiz"),
    "quiz.stop": _widget_is(False, "popupQuiz"),
    "poll.start": _widget_is(True, "poll"),
    "poll.stop": _widget_is(False, "poll"),
    "countdown.start": _countdown_is(RUNNING),
    "countdown.pause": _countdown_is(PAUSED),
    "countdown.continue": _countdown_is(RUNNING),
    "countdown.stop": _widget_is(False, COUNTDOWN),
}
