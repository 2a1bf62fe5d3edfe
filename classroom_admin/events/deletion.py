"""Remove the texts of chat messages from stored events. The rest of the event stays.

Retention deletes the texts earlier than the events. The sequence, the time and the sender stay, so projecting
the events again gives the same rows. Only known fields are copied, because an unknown field may contain the
text.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from classroom_admin.events.event import EventKind, Stream
from classroom_admin.events.values import Raw, mapping

DELETED: Final = "deletedByRetention"
"""The field of an event, or of its data, that says that retention deleted the text."""
CHAT_CMDS: Final = (EventKind.CHAT.cmd, EventKind.CUSTOM_MESSAGE.cmd)
MAYBE_CHAT_CMD: Final = EventKind.USER_STATE.cmd
"""The `cmd` that also occurs with a custom message."""
_PERSON: Final = ("userUuid", "userName", "role")
_EVENT: Final = ("cmd", "version", "ts", "sequence", "roomUuid")
_CHAT_EVENT: Final = (
    "msg_id",
    "chatRoomId",
    "timestamp",
    "ts",
    "chat_type",
    "from",
    "chatUserUuid",
    "roomUuid",
)
_as_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def without_text(stream: str, raw: str, *, kind: str) -> str | None:
    """Return the JSON of a message without its text. Return None if it has none, or is not a chat message.

    `kind` is the kind of the message's row, `chat` or `custom`. It is "" if the event could not be read.
    """
    event = json.loads(raw)
    if not isinstance(event, Mapping):
        return None
    left = _of_agora_chat(event, kind) if stream == Stream.CHAT else _of_room(event, stream, kind)
    written = None if left is None else _as_json(left)
    return None if written == raw else written


def _of_room(event: Raw, stream: str, kind: str) -> Raw | None:
    if stream != Stream.ROOM or str(event.get("cmd")) not in map(str, (*CHAT_CMDS, MAYBE_CHAT_CMD)):
        return None
    data = mapping(event.get("data"))
    if str(event.get("cmd")) == str(MAYBE_CHAT_CMD) and data.get("message") is None:
        return None
    left = _only(event, _EVENT)
    left["data"] = {DELETED: True}
    if kind:
        left["data"]["message"] = ""
        if isinstance(data.get("updateTime"), int | float):
            left["data"]["updateTime"] = data["updateTime"]
        if sender := _only(mapping(data.get("fromUser")), _PERSON):
            left["data"]["fromUser"] = sender
    return left


def _of_agora_chat(event: Raw, kind: str) -> Raw | None:
    if _is_command(event):
        return None
    left = _only(event, _CHAT_EVENT)
    left[DELETED] = kind
    shown = _only(mapping(mapping(event.get("payload")).get("ext")), ("nickName", "role"))
    if kind and shown:
        left["payload"] = {"ext": shown}
    return left


def _is_command(event: Raw) -> bool:
    bodies = mapping(event.get("payload")).get("bodies")
    return isinstance(bodies, list) and any(mapping(body).get("type") == "cmd" for body in bodies)


def _only(value: Raw, names: Iterable[str]) -> dict[str, Any]:
    """Return the fields with these names. Omit objects and lists, because they may contain anything."""
    return {name: value[name] for name in names if name in value and not isinstance(value[name], dict | list)}
