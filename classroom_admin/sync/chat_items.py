"""Convert what Agora Chat delivers into events of the stream `chat`, sorted by class.

A callback is one JSON object. The file of an hour has one JSON object per line. Both describe a message with
`msg_id timestamp from to chat_type payload`. A line of a file names the chat room in `to`, a callback in
`group_id`. Messages between two people and messages of unknown chat rooms do not belong to a class, so they
are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from classroom_admin.agora.answers import read_json
from classroom_admin.agora.errors import UnreadableAnswer
from classroom_admin.common.json_reading import as_json
from classroom_admin.events import Stream, Undecodable
from classroom_admin.events.agora_chat import SENDER
from classroom_admin.events.values import identifier, mapping, moment, text
from classroom_admin.rooms.models import AgoraChatRoom
from classroom_admin.sync.sorting import Sorted, add, storable

BETWEEN_TWO: Final = "chat"
"""The `chat_type` of messages between two people."""
NOT_OF_THE_MESSAGE: Final = frozenset(
    ("callId", "security", "securityVersion", "eventType", "host", "appkey", "direction", "group_id", "to")
)
"""Fields that only one of the two sources has, or that have another meaning in each."""
NAME_LENGTH: Final = 64


@dataclass(slots=True)
class ChatItems:
    """The messages in a request from Agora Chat or in a file of its history.

    `unreadable` has a tuple (reason, text) for each line that could not be read. `others` counts the items
    that are not messages to a chat room.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    others: int = 0


def read_items(body: bytes) -> ChatItems:
    """Return the messages in a response body. Each message gets the field `chatRoomId`."""
    result = ChatItems()
    for line in lines(body):
        try:
            content = read_json(line)
        except UnreadableAnswer:
            result.unreadable.append(("A message of Agora Chat is not JSON.", storable(line)))
            continue
        for one in content if isinstance(content, list) else [content]:
            _read(one, result)
    return result


def lines(body: bytes) -> Iterator[bytes]:
    """Yield the JSON documents of a delivery: the whole body if it is one JSON value, otherwise each line."""
    whole = body.strip()
    first, _end, rest = whole.partition(b"\n")
    if rest and not _is_json(first) and _is_json(whole):
        yield whole
    else:
        yield from (line for line in whole.split(b"\n") if line.strip())


def _is_json(text: bytes) -> bool:
    try:
        read_json(text)
    except UnreadableAnswer:
        return False
    return True


def _read(one: object, result: ChatItems) -> None:
    if not isinstance(one, Mapping):
        result.unreadable.append(("A message of Agora Chat is not an object.", as_json(one)))
        return
    try:
        message = _message(one)
    except Undecodable as error:
        result.unreadable.append((error.reason, as_json(one)))
        return
    if message is None:
        result.others += 1
    else:
        result.messages.append(message)


def _message(one: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a message to a chat room, or None for any other item.

    Raise Undecodable if the message is damaged.
    """
    if one.get("chat_type") == BETWEEN_TWO or not ("msg_id" in one or "payload" in one):
        return None  # also for callbacks about sign-ins, friends and members
    chat_room_id = identifier(one.get("group_id"), NAME_LENGTH) or identifier(one.get("to"), NAME_LENGTH)
    msg_id = identifier(one.get("msg_id"))
    sender = identifier(one.get("from"))
    if chat_room_id is None or msg_id is None:
        raise Undecodable("A message of Agora Chat without its id or its chat room.")
    if not mapping(one.get("payload")):
        raise Undecodable("A message of Agora Chat without payload.")
    event = {name: one[name] for name in sorted(one) if name not in NOT_OF_THE_MESSAGE}
    event |= {"msg_id": msg_id, "chatRoomId": chat_room_id}
    if sender is not None:
        event[SENDER] = sender.lower()
    if (sent_ms := moment(one.get("timestamp"))) is not None:
        event["ts"] = sent_ms
    return event


def app_key_of(one: Mapping[str, Any]) -> str:
    """Return `org#app` of a callback, from `appkey` or from the beginning of `callId` (`org#app_uuid`).

    Return "" if neither names an app.
    """
    for given in (text(one.get("appkey")) or "", (text(one.get("callId")) or "").rpartition("_")[0]):
        if "#" in given and len(given) <= 2 * NAME_LENGTH:
            return given
    return ""


def sort_items(body: bytes, *, app_key: str) -> tuple[Sorted, int]:
    """Return the messages of known classes by room, and the number of items to store or quarantine."""
    items = read_items(body)
    rooms = room_uuids({message["chatRoomId"] for message in items.messages}, app_key=app_key)
    batch = Sorted(aside=items.unreadable)
    found = 0
    for message in items.messages:
        room_uuid = rooms.get(message["chatRoomId"])
        if room_uuid is None:
            continue
        found += 1
        event = {**message, "roomUuid": room_uuid}
        try:
            add(batch, event, stream=Stream.CHAT, room_uuid=room_uuid)
        except Undecodable as error:
            batch.aside.append((error.reason, as_json(event)))
    return batch, found + len(items.unreadable)


def room_uuids(chat_room_ids: set[str], *, app_key: str) -> dict[str, str]:
    """Return a dict from chat room id to the room id of its class.

    If several classes have the same chat room, use the newest class. If `app_key` is not "", ignore the chat
    rooms of other apps.
    """
    found = (
        AgoraChatRoom.objects.filter(chat_room_id__in=chat_room_ids)
        .select_related("room")
        .order_by("room_id")
    )
    return {
        row.chat_room_id: row.room.room_uuid
        for row in found
        if app_key in ("", f"{row.org_name}#{row.app_name}")
    }
