"""Every call of the contract in one table: method, path, and what may be repeated, with the reason.

All calls share this: where surely nothing was sent (refused connection, no such host, connect time-out) the
other host is tried; after 401 a fresh token is tried once; 429 means that nothing was done, so it is waited
out. The table says what is allowed beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

ROOM: Final = "/{region}/edu/apps/{appId}/v2/rooms/{roomUuid}"
ROOM_V1: Final = "/{region}/edu/apps/{appId}/v1/rooms/{roomUuid}"
WIDGETS: Final = "/edu/apps/{appId}/v2/rooms/{roomUuid}/widgets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. ``repeat``: may be sent again after it may have reached the cloud; ``why`` says why or why
    not.

    ``patient``: waits and tries again by itself after 429 or when no host answers; the caller of an impatient
    one decides.
    """

    name: str
    method: str
    template: str
    repeat: bool
    why: str
    patient: bool = True

    def path(self, parts: Mapping[str, str]) -> str:
        """Fill the template; every part is percent-encoded, slash included."""
        return self.template.format_map({name: quote(part, safe="") for name, part in parts.items()})


_READ: Final = "a read changes nothing"
_SAME: Final = "the second time writes the same values again; at worst the room gets the same event twice"


def _read(name: str, template: str) -> Call:
    return Call(name=name, method="GET", template=template, repeat=True, why=_READ)


def _once(name: str, method: str, template: str, why: str) -> Call:
    return Call(name=name, method=method, template=template, repeat=False, why=why)


def _same(name: str, method: str, template: str, why: str = _SAME) -> Call:
    return Call(name=name, method=method, template=template, repeat=True, why=why)


POLL_EVENTS: Final = Call(
    name="polled_sequences",
    method="GET",
    template="/{region}/edu/polling/apps/{appId}/v2/rooms/sequences",
    repeat=False,
    patient=False,
    why="each event is handed out once: a lost answer is fetched again room by room, not by a second poll; "
    "after 429 or with no host in reach nothing was drained, and the poller has a beat of its own",
)
KICK: Final = _once(
    "kick_user",
    "POST",
    f"{ROOM}/users/{{userUuid}}/exit",
    "they may have come back in between, and a ban would count from the second time",
)
CLASS_STATE: Final = _once(
    "set_class_state",
    "PUT",
    f"{ROOM}/states/{{state}}",
    "a repeated state is answered 409, which would hide that the first one worked",
)
RECORDING_STATE: Final = _once(
    "set_recording_state",
    "PUT",
    f"{ROOM}/records/states/{{state}}",
    "a repeated start is answered 409, or starts a second recording after a quick stop",
)
_UPDATE_WHY: Final = "each call overwrites the last: a late second one could undo somebody's resume"
UPDATE_RECORDING: Final = {
    method: _once("update_recording", method, f"{ROOM}/records/states/1", _UPDATE_WHY)
    for method in ("PATCH", "PUT")
}
LIST_RECORDINGS: Final = _read("list_recordings", f"{ROOM}/records")
PUT_RESOURCE: Final = _same(
    "put_resource",
    "PUT",
    f"{ROOM_V1}/resources/{{resourceUuid}}",
    "the same id is overwritten with the same facts",
)
CONVERT_RESOURCE: Final = _once(
    "put_resource",
    "PUT",
    f"{ROOM_V1}/resources/{{resourceUuid}}",
    "with a conversion, a second time starts (and bills) a second conversion",
)
DELETE_RESOURCES: Final = _same(
    "delete_resources", "DELETE", f"{ROOM_V1}/resources", "what is deleted stays deleted"
)
LIST_RESOURCES: Final = _read("list_resources", f"{ROOM_V1}/resources")
ROOM_EVENTS: Final = _read("room_sequences", f"{ROOM}/sequences")
PUT_ROOM_PROPERTIES: Final = _same("put_room_properties", "PUT", f"{ROOM}/properties")
DELETE_ROOM_PROPERTIES: Final = _same("delete_room_properties", "DELETE", f"{ROOM}/properties")
PUT_USER_PROPERTIES: Final = _same("put_user_properties", "PUT", f"{ROOM}/users/{{userUuid}}/properties")
DELETE_USER_PROPERTIES: Final = _same(
    "delete_user_properties", "DELETE", f"{ROOM}/users/{{userUuid}}/properties"
)
PUT_EXT_APP_PROPERTIES: Final = _same(
    "put_ext_app_properties", "PUT", f"{ROOM}/extApps/{{extAppUuid}}/properties"
)
DELETE_EXT_APP_PROPERTIES: Final = _same(
    "delete_ext_app_properties", "DELETE", f"{ROOM}/extApps/{{extAppUuid}}/properties"
)
QUIZ_EVENTS: Final = _read("quiz_sequences", f"{WIDGETS}/popupQuiz/sequences")
POLL_WIDGET_EVENTS: Final = _read("poll_sequences", f"{WIDGETS}/poll/sequences")
CREATE_ROOM: Final = _once(
    "create_room",
    "POST",
    ROOM,
    "a repeated creation is answered 409, which would hide that the first one worked",
)
READ_ROOM: Final = _read("read_room", ROOM)
READ_USER: Final = _read("read_user", f"{ROOM}/users/{{userUuid}}")
GROUPS: Final = _once(
    "set_groups", "PUT", f"{ROOM}/groups/states/{{state}}", "groups without an id would be made a second time"
)

ALL: Final = (
    *(KICK, CLASS_STATE, RECORDING_STATE, *UPDATE_RECORDING.values(), LIST_RECORDINGS),
    *(PUT_RESOURCE, CONVERT_RESOURCE, DELETE_RESOURCES, LIST_RESOURCES, ROOM_EVENTS, POLL_EVENTS),
    *(PUT_ROOM_PROPERTIES, DELETE_ROOM_PROPERTIES, PUT_USER_PROPERTIES, DELETE_USER_PROPERTIES),
    *(PUT_EXT_APP_PROPERTIES, DELETE_EXT_APP_PROPERTIES, QUIZ_EVENTS, POLL_WIDGET_EVENTS),
    *(CREATE_ROOM, READ_ROOM, READ_USER, GROUPS),
)
