"""Agora Chat, which newer classroom clients use: chat rooms, messages, mutes, and callbacks to send.

A class that uses Agora Chat has a chat room, and its messages are not events of the class. People have other
ids in Agora Chat than in the class. A person's properties contain the Agora Chat id.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from classroom_admin.simulator.errors import CloudError, chat_muted

if TYPE_CHECKING:
    from classroom_admin.simulator.world.model import Room, User
    from classroom_admin.simulator.world.world import World

WIDGET = "easemobIM"
ORG, APP = "demo-school", "classroom"
ADMIN = "admin"
FOREVER = -1
HISTORY_A_MINUTE = 10
CALLBACKS_KEPT = 10_000
Uses = Literal["off", "some", "all"]
"""Whether no new class, every third new class or every new class uses Agora Chat."""


@dataclass(slots=True)
class ChatRoom:
    """The chat room of a class. ``muted_people`` maps users to the end of their mute.

    The end is in milliseconds, or FOREVER.
    """

    id: str
    room_uuid: str
    muted: bool = False
    muted_people: dict[str, int] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class AgoraChat:
    """The chat service of a cloud.

    A message is in the history after ``delay_ms``. The history keeps messages for ``kept_ms``.
    """

    uses: Uses = "off"
    delay_ms: int = 0
    kept_ms: int = 7 * 24 * 3_600_000
    rooms: dict[str, ChatRoom] = field(default_factory=dict)
    made: int = 0
    sent: int = 0
    callbacks: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=CALLBACKS_KEPT))
    callbacks_made: int = 0
    asked_ms: deque[int] = field(default_factory=deque)

    def room(self, chat_room_id: str) -> ChatRoom:
        """Return a chat room. Raise CloudError 404 if there is no such room."""
        found = self.rooms.get(chat_room_id)
        if found is None:
            raise CloudError(404, 404, "service_resource_not_found: Service resource not found.")
        return found

    def note_history_call(self, now_ms: int) -> None:
        """Count a request for the history. Raise CloudError 429 if there were more than ten in a minute."""
        while self.asked_ms and self.asked_ms[0] <= now_ms - 60_000:
            self.asked_ms.popleft()
        if len(self.asked_ms) >= HISTORY_A_MINUTE:
            raise CloudError(429, 429, "reach_limit: This request has reached api limit.")
        self.asked_ms.append(now_ms)

    def in_hour(self, first_ms: int, now_ms: int) -> list[dict[str, Any]]:
        """Return the messages of the hour that begins at ``first_ms``.

        Omit those that are not in the history yet.
        """
        last_ms = min(first_ms + 3_600_000, now_ms - self.delay_ms + 1)
        found = [
            message
            for room in self.rooms.values()
            for message in room.messages
            if first_ms <= message["timestamp"] < last_ms
        ]
        return sorted(found, key=lambda message: int(message["msg_id"]))


def open_room(world: World, room: Room, *, wanted: bool | None = None) -> None:
    """Create the chat room of a new class if the class uses Agora Chat.

    If ``wanted`` is not None, it decides this instead of ``uses``.
    """
    chat = world.agora_chat
    switched_off = (room.widgets.get(WIDGET) or {}).get("state") == 0
    if wanted is None:
        chat.made += chat.uses != "off"
        wanted = chat.uses == "all" or (chat.uses == "some" and chat.made % 3 == 1)
    if not wanted or switched_off:
        return
    number = int.from_bytes(hashlib.sha256(f"{world.seed}:{room.uuid}".encode()).digest()[:6], "big")
    chat_room = ChatRoom(str(180_000_000_000_000 + number), room.uuid)
    chat.rooms[chat_room.id] = chat_room
    room.chat_room_id = chat_room.id
    extra = {"orgName": ORG, "appName": APP, "chatRoomId": chat_room.id, "appKey": f"{ORG}#{APP}"}
    room.widgets[WIDGET] = {"state": 1, **(room.widgets.get(WIDGET) or {}), "extra": extra}


def chat_user(user_uuid: str) -> str:
    """Return a person's id in Agora Chat."""
    return f"u{hashlib.sha256(user_uuid.encode()).hexdigest()[:20]}"


def sign_in(room: Room, user: User) -> None:
    """Add a person's Agora Chat id to their properties."""
    if room.chat_room_id:
        widgets = user.properties.setdefault("widgets", {})
        widgets[WIDGET] = {**(widgets.get(WIDGET) or {}), "userId": chat_user(user.uuid)}


def say(world: World, room: Room, user: User, message: str) -> dict[str, Any]:
    """Send a person's message to the chat room of the class. Raise CloudError 403 if they are muted."""
    chat_room = world.agora_chat.room(room.chat_room_id)
    sender = chat_user(user.uuid)
    until = chat_room.muted_people.get(sender)
    muted = until is not None and (until == FOREVER or world.now < until)
    if muted or (chat_room.muted and user.role not in (1, 3)):
        raise chat_muted()
    shown = {"nickName": user.name, "role": int(user.role), "roomUuid": room.uuid, "msgtype": 0}
    kept = {
        "fromUser": {"userUuid": user.uuid, "userName": user.name, "role": user.role},
        "message": message,
        "type": 1,
        "sendTime": world.now,
    }
    sent = deliver(world, chat_room, sender, {"type": "txt", "msg": message}, ext=shown)
    kept["messageId"] = sent["msg_id"]
    room.chat.append(kept)
    return kept


def announce(world: World, room: Room, text: str) -> None:
    """Send the administrator's message to the chat room of a class."""
    shown = {"nickName": "server", "role": 1, "roomUuid": room.uuid, "msgtype": 0}
    deliver(world, world.agora_chat.room(room.chat_room_id), ADMIN, {"type": "txt", "msg": text}, ext=shown)


def order(world: World, room: Room, user: User, action: str, *, about: str = "") -> dict[str, Any]:
    """Send a command from one classroom client to the others, such as ``setAllMute``."""
    shown = {"nickName": user.name, "role": int(user.role), "roomUuid": room.uuid, "muteNickName": about}
    chat_room = world.agora_chat.room(room.chat_room_id)
    return deliver(world, chat_room, chat_user(user.uuid), {"type": "cmd", "action": action}, ext=shown)


def deliver(
    world: World, chat_room: ChatRoom, sender: str, body: dict[str, Any], *, ext: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Store a message and schedule its callback. Return the message as the history has it."""
    chat = world.agora_chat
    chat.sent += 1
    message = {
        "msg_id": str((world.now << 20) + chat.sent),
        "timestamp": world.now,
        "direction": "outgoing",
        "from": sender,
        "to": chat_room.id,
        "chat_type": "chatroom",
        "payload": {
            "ext": ext or {},
            "bodies": [body],
            "from": sender,
            "to": chat_room.id,
            "type": "chatroom",
        },
    }
    chat_room.messages.append(message)
    chat.callbacks.append(
        {
            "callId": f"{ORG}#{APP}_{world.seed}-{chat.sent}",
            "eventType": "chat",
            "timestamp": world.now,
            "chat_type": "groupchat",
            "group_id": chat_room.id,
            "from": sender,
            "to": chat_room.id,
            "msg_id": message["msg_id"],
            "payload": {"ext": ext or {}, "bodies": [body]},
            "securityVersion": "1.0.0",
            "appkey": f"{ORG}#{APP}",
            "host": "msync@simulator",
        }
    )
    chat.callbacks_made += 1
    return message


def signed(callback: dict[str, Any], *, secret: str) -> dict[str, Any]:
    """Return a callback with its signature, the MD5 of its id, ``secret`` and its time."""
    text = f"{callback['callId']}{secret}{callback['timestamp']}"
    return {**callback, "security": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}


def truth(world: World, room: Room) -> dict[str, Any] | None:
    """Return the state of the chat room of a class, or None if it has none."""
    chat_room = world.agora_chat.rooms.get(room.chat_room_id)
    if chat_room is None:
        return None
    return {
        "chatRoomId": chat_room.id,
        "muted": chat_room.muted,
        "mutedPeople": sorted(
            name for name, until in chat_room.muted_people.items() if until == FOREVER or until > world.now
        ),
        "messages": chat_room.messages,
    }
