"""Calls to Agora Chat, the service that current classroom clients use for chat.

`ChatRoom` names the chat room of a class. The service has its own address (`CloudConfig.chat_url`) and its
own token, and its responses have no envelope. `Client.send` sends these calls like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from classroom_admin.agora import fields
from classroom_admin.agora.answers import RawAnswer, read_json
from classroom_admin.agora.call import A, CloudCall
from classroom_admin.agora.errors import CloudError, UnreadableAnswer
from classroom_admin.agora.fields import FOREVER, Wrong
from classroom_admin.agora.models import read_bool, read_int, read_object, read_objects, read_text
from classroom_admin.common.problems import Problem

MOST_PEOPLE: Final = 60
"""The maximum number of people that one call can mute."""
LONGEST_TEXT: Final = 3000
"""The maximum length of a message (bytes). The service refuses requests above 5 kB."""
LONGEST_MUTE_MS: Final = 2**53
_NAME: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_HOUR: Final = re.compile(r"[0-9]{10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRoom:
    """The chat room of a class: its organisation, app and id. A read of the class's room returns them."""

    org_name: str
    app_name: str
    chat_room_id: str


def _name(value: object) -> str:
    given = fields.text(value)
    if not _NAME.fullmatch(given) or given in (".", ".."):
        raise Wrong("chat_name_wrong")
    return given


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Wrong("not_list")
    names = tuple(dict.fromkeys(_name(each) for each in value))
    if not names:
        raise Wrong("list_empty")
    if len(names) > MOST_PEOPLE:
        raise Wrong("out_of_range", least=1, most=MOST_PEOPLE, value=len(names))
    return names


def _joined(value: object) -> str:
    """Check one name or a list of names. Return them separated by commas, for a path."""
    return ",".join(_names([value] if isinstance(value, str) else value))


def _duration(value: object) -> int:
    return FOREVER if value == FOREVER else int(fields.whole(1, LONGEST_MUTE_MS)(value))


def _message(value: object) -> str:
    given = fields.text(value)
    if not given.strip():
        raise Wrong("name_empty")
    if (has := len(given.encode())) > LONGEST_TEXT:
        raise Wrong("name_too_long", most=LONGEST_TEXT, has=has)
    return given


def _hour(value: object) -> str:
    given = fields.text(value)
    if not _HOUR.fullmatch(given):
        raise Wrong("not_whole")
    return given


ChatName = Annotated[str, BeforeValidator(_name)]
ChatNames = Annotated[tuple[str, ...], BeforeValidator(_names)]
Message = Annotated[str, BeforeValidator(_message)]


class ChatCall(CloudCall[A]):
    """A call to Agora Chat. Its response is a JSON object with `data` and `timestamp` but no code."""

    org_name: ChatName
    app_name: ChatName

    def read(self, raw: RawAnswer) -> tuple[A, int | None]:
        """Return the parsed JSON object and the service's time (ms), or raise `UnreadableAnswer`."""
        content = read_json(raw.body)
        if not isinstance(content, dict):
            raise UnreadableAnswer(
                problem=Problem("chat_answer_wrong"), body=raw.body, http_status=raw.http_status
            )
        return self.answer(content.get("data")), read_int(content.get("timestamp"))


class _RoomCall(ChatCall[A]):
    chat_room_id: ChatName


class MuteAllInChat(_RoomCall[bool | None]):
    """Mute everyone in the chat room, except people on its allow list.

    Return whether the chat is now muted, or None if the response does not say.
    """

    method = "POST"
    template = "/{orgName}/{appName}/chatrooms/{chatRoomId}/ban"
    repeat = True
    why = "the second call forbids the same again"

    def body(self) -> Any:
        return {}

    def answer(self, data: Any) -> bool | None:
        return read_bool(read_object(data).get("mute"))


class UnmuteAllInChat(MuteAllInChat):
    """Unmute everyone in the chat room. People who were muted individually stay muted."""

    method = "DELETE"
    why = "the second call allows the same again"


class MutePeopleInChat(_RoomCall[None]):
    """Mute up to 60 people in the chat room, by their ids in Agora Chat.

    `duration_ms` is the time from now in milliseconds. -1 means permanently. Raise `CloudError` if this fails
    for any person.
    """

    method = "POST"
    template = "/{orgName}/{appName}/chatrooms/{chatRoomId}/mute"
    repeat = False
    why = "a limited mute would count from the second time"

    usernames: ChatNames
    duration_ms: Annotated[int, BeforeValidator(_duration), Field(serialization_alias="mute_duration")] = (
        FOREVER
    )

    def body(self) -> Any:
        return {"usernames": list(self.usernames), "mute_duration": self.duration_ms}

    def answer(self, data: Any) -> None:
        _refuse_failures(data)


class UnmutePeopleInChat(_RoomCall[None]):
    """Unmute up to 60 people in the chat room. Raise `CloudError` if this fails for any person."""

    method = "DELETE"
    template = "/{orgName}/{appName}/chatrooms/{chatRoomId}/mute/{usernames}"
    repeat = True
    why = "the second call allows the same again"

    usernames: Annotated[str, BeforeValidator(_joined)]

    def answer(self, data: Any) -> None:
        _refuse_failures(data)


class SendChatMessage(ChatCall[str | None]):
    """Send a text message to the chat room. Return the message's id, or None if the response has none.

    `sender` is the sender's id in Agora Chat. If it is missing, the administrator of the service is the
    sender. Classroom clients show `sender_name` and the role number `sender_role`.
    """

    method = "POST"
    template = "/{orgName}/{appName}/messages/chatrooms"
    repeat = False
    why = "the message would be sent a second time"

    chat_room_id: Annotated[ChatName, Field(serialization_alias="to")]
    text: Annotated[Message, Field(serialization_alias="msg")]
    sender: Annotated[ChatName | None, Field(serialization_alias="from")] = None
    sender_name: str = ""
    sender_role: int = 1
    room_uuid: str = ""

    def body(self) -> Any:
        shown = {"nickName": self.sender_name, "role": self.sender_role, "roomUuid": self.room_uuid}
        return {
            **({"from": self.sender} if self.sender else {}),
            "to": [self.chat_room_id],
            "type": "txt",
            "body": {"msg": self.text},
            **({"ext": shown} if self.sender_name else {}),
        }

    def answer(self, data: Any) -> str | None:
        return read_text(read_object(data).get(self.chat_room_id))


class ReadChatRoom(_RoomCall[bool | None]):
    """Read a chat room. Return whether everyone in it is muted, or None if this is unknown."""

    method = "GET"
    template = "/{orgName}/{appName}/chatrooms/{chatRoomId}"
    repeat = True
    why = "a read changes nothing"

    def answer(self, data: Any) -> bool | None:
        rooms = read_objects(data) if isinstance(data, list) else [read_object(data)]
        return read_bool(rooms[0].get("mute")) if rooms else None


class ReadChatMutes(_RoomCall[frozenset[str]]):
    """Return the ids in Agora Chat of the people who are muted individually, in lower case."""

    method = "GET"
    template = "/{orgName}/{appName}/chatrooms/{chatRoomId}/mute"
    repeat = True
    why = "a read changes nothing"

    def answer(self, data: Any) -> frozenset[str]:
        return frozenset(name.lower() for row in read_objects(data) if (name := read_text(row.get("user"))))


class ReadChatHistory(ChatCall[tuple[str, ...]]):
    """Return the addresses of the files with the messages of one hour (`yyyyMMddHH`, UTC).

    The service answers at most 10 of these calls a minute. It answers 404 if nobody wrote in that hour, and
    400 if the file has expired or does not exist yet. The addresses contain a signature, so never log them.
    """

    method = "GET"
    template = "/{orgName}/{appName}/chatmessages/{hour}"
    repeat = True
    patient = False
    why = "a read changes nothing, and the hour stays due"

    hour: Annotated[str, BeforeValidator(_hour)]

    def answer(self, data: Any) -> tuple[str, ...]:
        return tuple(url for row in read_objects(data) if (url := read_text(row.get("url"))))


def _refuse_failures(data: Any) -> None:
    failed = [read_text(row.get("user")) or "?" for row in read_objects(data) if row.get("result") is False]
    if failed:
        raise CloudError(f"Agora Chat refused this for: {', '.join(failed[:MOST_PEOPLE])}", http_status=200)


# --- The calls to use if the class uses Agora Chat.


def chat_mute_all(room: ChatRoom, *, muted: bool) -> CloudCall[bool | None]:
    """Return the call that mutes or unmutes the chat of a class for everyone."""
    call = MuteAllInChat if muted else UnmuteAllInChat
    return call(org_name=room.org_name, app_name=room.app_name, chat_room_id=room.chat_room_id)


def chat_mute_person(
    room: ChatRoom, *, chat_user: str, muted: bool, duration_ms: int = FOREVER
) -> CloudCall[None]:
    """Return the call that mutes or unmutes one person in the chat.

    `chat_user` is the person's id in Agora Chat (`rooms.agora_chat.chat_user_of`). `duration_ms` is how long
    a person stays muted, in milliseconds. -1 means permanently.
    """
    place = {"org_name": room.org_name, "app_name": room.app_name, "chat_room_id": room.chat_room_id}
    if muted:
        return MutePeopleInChat(**place, usernames=(chat_user,), duration_ms=duration_ms)
    return UnmutePeopleInChat(**place, usernames=chat_user)


def chat_send(
    room: ChatRoom, *, text: str, sender_name: str, room_uuid: str, sender_role: int = 1
) -> CloudCall[str | None]:
    """Return the call that sends a message to the chat of a class. The call returns the message's id.

    Classroom clients show `sender_name`. `sender_role` is the cloud's number of a role (1 teacher).
    """
    return SendChatMessage(
        org_name=room.org_name,
        app_name=room.app_name,
        chat_room_id=room.chat_room_id,
        text=text,
        sender_name=sender_name,
        sender_role=sender_role,
        room_uuid=room_uuid,
    )
