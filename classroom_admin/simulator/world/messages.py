"""Chat, custom messages and direct messages."""

from typing import Any

from classroom_admin.simulator.errors import chat_muted, class_over, no_such_group
from classroom_admin.simulator.world import agora_chat
from classroom_admin.simulator.world.changes import room_changed
from classroom_admin.simulator.world.model import Role, Room, User
from classroom_admin.simulator.world.world import World

TEXT = 1
MAIN_ROOM, GROUPS, EVERYWHERE = 1, 2, 3


def chat(world: World, room: Room, user: User, message: str) -> dict[str, Any]:
    """Send a chat message to the room. If the class does not use Agora Chat, emit event 3.

    Raise CloudError 403 30403200 if the chat is muted for this user, and 404 if the user is not present.
    """
    if room.is_closed:
        raise class_over()
    world.present(user)
    if user.role not in (Role.TEACHER, Role.ASSISTANT) and (room.mute_chat or user.mute_chat):
        raise chat_muted()
    if room.chat_room_id:
        return agora_chat.say(world, room, user, message)
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
    """Send a custom message to the room. ``cmd`` is 99, or 21 as in one of the vendor's documents."""
    world.emit(room, cmd, {"fromUser": world.person(room, user), "message": message})


def mute_room(world: World, room: Room, mute: int, *, operator: str | None) -> None:
    """Mute the chat for students if ``mute`` is 1. If it is 0, unmute them."""
    room.mute_chat = mute
    room_changed(world, room, {"muteChat": mute}, operator=operator)


def announce(
    world: World,
    room: Room,
    text: str,
    *,
    where: int,
    groups: list[str],
    kind: str = "txt",
    by: str,
    event: bool = True,
) -> dict[str, Any]:
    """Announce a text. ``where`` is 1 for the main room, 2 for breakout rooms, or 3 for both.

    ``groups`` has the ids of breakout rooms. If it is empty, all of them get the text. If ``event`` is True,
    emit event 3 in each room. Raise CloudError 410 if the class is over, and 404 if a breakout room is
    unknown.
    """
    if room.is_closed:
        raise class_over()
    unknown = [uuid for uuid in groups if uuid not in room.groups]
    if unknown:
        raise no_such_group(unknown[0])
    row = {
        "messageId": f"announcement-{len(room.announcements) + 1}",
        "range": where,
        "type": kind,
        "msg": text,
        "toGroupUuids": groups,
        "fromUser": world.operator(room, by),
        "sendTime": world.now,
    }
    room.announcements.append(row)
    hearing = [room] if where in (MAIN_ROOM, EVERYWHERE) else []
    if where in (GROUPS, EVERYWHERE):
        hearing += [world.rooms[uuid] for uuid in groups or room.groups if uuid in world.rooms]
    for heard in hearing:
        if heard.chat_room_id:
            agora_chat.announce(world, heard, text)
            continue
        if not event:
            continue
        data = {"fromUser": world.operator(room, by), "message": text, "type": room.shapes.number(TEXT)}
        said = world.emit(heard, 3, data)
        kept = {"messageId": said.sequence, "fromUser": row["fromUser"], "message": text, "type": TEXT}
        heard.chat.append({**kept, "sendTime": world.now})
    return row


def to_room(world: World, room: Room, payload: str, *, by: str) -> None:
    """Send a custom message to all apps in the room (event 99)."""
    world.emit(room, 99, {"fromUser": world.operator(room, by), "message": payload})


def peer(
    world: World, room: Room, sender: User | str, *, to: str, message: str, cmd: int = 1
) -> dict[str, Any]:
    """Send a direct message. Return the item that a webhook receives. ``cmd`` is 1 (chat) or 99 (custom).

    A direct message has no sequence number in a room.
    """
    data = {
        "fromUser": world.operator(room, sender) if isinstance(sender, str) else world.person(room, sender),
        "fromRoom": {"roomUuid": room.uuid, "roomName": room.name},
        "message": message,
    }
    return deliver(world, to=to, cmd=cmd, data=data)


def deliver(world: World, *, to: str, cmd: int, data: dict[str, Any]) -> dict[str, Any]:
    """Deliver a direct message. Return the item that a webhook receives."""
    notification = {"cmd": cmd, "version": 1, "ts": world.now, "sequence": 0, "data": data}
    delivered = {"channel": "peer", "toUserUuid": to, "notification": notification}
    world.peer_messages.append(delivered)
    world.peer_count += 1
    return delivered
