"""What people say: room chat, custom messages, and messages from one person to another."""

from typing import Any

from classroom_admin.simulator.errors import chat_muted, class_ended
from classroom_admin.simulator.world.model import Role, Room, User
from classroom_admin.simulator.world.world import World

TEXT = 1


def chat(world: World, room: Room, user: User, message: str) -> dict[str, Any]:
    """A message to the room. CloudError 403 30403200 while the room or the pupil is muted, 404 for who is
    not there."""
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
    """A custom message to the room. One document prints 21 for its number: a test may ask for that."""
    world.emit(room, cmd, {"fromUser": world.person(room, user), "message": message})


def mute_room(world: World, room: Room, mute: int, *, operator: str | None) -> None:
    """Nobody but teachers may chat (1), or everyone again (0). Seen as a room property."""
    room.mute_chat = mute
    data = {
        "action": 0,
        "changeProperties": {"muteChat": mute},
        "cause": {},
        "operator": world.operator(room, operator),
    }
    world.emit(room, 4, data)


def peer(world: World, room: Room, sender: User, *, to: str, message: str, cmd: int = 1) -> dict[str, Any]:
    """A message from person to person (1 chat, 99 custom). The cloud sends these by its messaging channel,
    not by REST: they are kept for whoever relays them, and never enter a room's sequence."""
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
    relayed = {"channel": "peer", "toUserUuid": to, "notification": notification}
    world.peer_messages.append(relayed)
    world.peer_count += 1
    return relayed
