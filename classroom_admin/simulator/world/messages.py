"""Chat, custom messages and direct messages."""

from typing import Any

from classroom_admin.simulator.errors import chat_muted, class_ended
from classroom_admin.simulator.world.model import Role, Room, User
from classroom_admin.simulator.world.world import World

TEXT = 1


def chat(world: World, room: Room, user: User, message: str) -> dict[str, Any]:
    """Send a chat message to the room.

    Raise CloudError 403 30403200 if chat is muted for this user, or 404 if the user is not present.
    """
    if room.is_closed:
        raise class_ended()
    world.present(user)
    if user.role not in (Role.TEACHER, Role.ASSISTANT) and (room.mute_chat or user.mute_chat):
        raise chat_muted()
    data: dict[str, Any] = {
        "fromUser": world.person(room, user),
        "message": message,
        "type": room.shapes.number(TEXT),
    }
    event = world.emit(room, 3, data)
    kept = {
        "messageId": event.sequence,
        "fromUser": {"userUuid": user.uuid, "userName": user.name, "role": user.role},
        "message": message,
        "type": TEXT,
        "sendTime": world.now,
    }
    room.chat.append(kept)
    return kept


def custom(world: World, room: Room, user: User, message: str, *, cmd: int = 99) -> None:
    """Send a custom message to the room. ``cmd`` is 99 or, as in one of the cloud's documents, 21."""
    world.emit(room, cmd, {"fromUser": world.person(room, user), "message": message})


def mute_room(world: World, room: Room, mute: int, *, operator: str | None) -> None:
    """Mute (1) or unmute (0) the chat for students. The event changes the room property ``muteChat``."""
    room.mute_chat = mute
    data = {
        "action": 0,
        "changeProperties": {"muteChat": mute},
        "cause": {},
        "operator": world.operator(room, operator),
    }
    world.emit(room, 4, data)


def peer(world: World, room: Room, sender: User, *, to: str, message: str, cmd: int = 1) -> dict[str, Any]:
    """Send a direct message (``cmd`` 1 chat, 99 custom). Return the item that a webhook receives.

    The cloud delivers direct messages through its messaging channel. They have no sequence number in a room.
    """
    notification = {
        "cmd": cmd,
        "version": 1,
        "ts": world.now,
        "sequence": 0,
        "data": {
            "fromUser": world.person(room, sender),
            "fromRoom": {"roomUuid": room.uuid, "roomName": room.name},
            "message": message,
        },
    }
    delivered = {"channel": "peer", "toUserUuid": to, "notification": notification}
    world.peer_messages.append(delivered)
    world.peer_count += 1
    return delivered
