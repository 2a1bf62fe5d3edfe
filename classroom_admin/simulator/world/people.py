"""Let people enter, leave and lose the connection. Remove and ban people, and mute their chat."""

from typing import Any

from classroom_admin.simulator.errors import class_over, role_full, user_banned
from classroom_admin.simulator.world import agora_chat, media, notices, stage
from classroom_admin.simulator.world.model import FOREVER, Presence, Room, Stream, User
from classroom_admin.simulator.world.world import World

ENTERED, CAME_BACK = 1, 2
LEFT, KICKED = 1, 2


def enter(
    world: World,
    room: Room,
    *,
    uuid: str,
    name: str,
    role: int,
    properties: dict[str, Any] | None = None,
    with_stream: bool = False,
) -> User:
    """Let a user enter a room.

    Raise CloudError 403 30403100 if the user is banned, 403 20403001 if there are too many users of the role,
    and 410 30410100 if the class is closed.
    """
    if room.is_closed:
        raise class_over()
    user = room.users.get(uuid)
    if user is not None and user.is_banned(world.now):
        raise user_banned()
    if user is not None and user.online:
        return user
    _check_role_limit(room, role)
    kind = ENTERED
    if user is None:
        stream_uuid = str(room.shapes.rng.randrange(10**9, 4 * 10**9))
        user = User(uuid=uuid, name=name, role=role, stream_uuid=stream_uuid, updated_ms=world.now)
        room.users[uuid] = user
    elif user.presence and user.presence[-1].how == "dropped":
        kind = CAME_BACK
    user.name, user.role, user.online, user.banned_until = name, role, True, None
    user.updated_ms = world.now
    user.properties.update(properties or {})
    agora_chat.sign_in(room, user)
    if with_stream:
        user.streams[user.stream_uuid] = Stream(user.stream_uuid, name)
    user.presence.append(Presence(world.now))
    notices.joined(world, room, user)
    _announce(world, room, online=[_entry(world, room, user, kind)])
    return user


def _check_role_limit(room: Room, role: int) -> None:
    limit = (room.role_config.get(str(role)) or {}).get("limit")
    if limit is not None and limit >= 0 and sum(user.role == role for user in room.online()) >= limit:
        raise role_full(role)


def leave(world: World, room: Room, user: User, *, how: str = "left", operator: str | None = None) -> None:
    """Let a user leave if they are present. ``how`` is "left", "dropped", "kicked" or "closed"."""
    if not user.online:
        return
    entry = _remove(world, room, user, how)
    if how == "kicked" or operator is not None:
        entry["operator"] = world.operator(room, operator)
    _announce(world, room, offline=[entry])
    stage.clear_people(world, room, [user.uuid])


def open_tab(world: World, room: Room, user: User) -> None:
    """Emit a second arrival of a present user, as when they open a second tab."""
    _announce(world, room, online=[_entry(world, room, user, ENTERED)])


def close_tab(world: World, room: Room, user: User) -> None:
    """Emit the departure of a user who stays present, as when they close a second tab."""
    _announce(world, room, offline=[_entry(world, room, user, LEFT)])


def vanish(world: World, room: Room, user: User) -> None:
    """Let a user leave without any event."""
    _remove(world, room, user, "dropped")


def remove_everyone(world: World, room: Room) -> None:
    """Remove all users in one event, because the room closes."""
    gone = room.online()
    if gone:
        _announce(world, room, offline=[_remove(world, room, user, "closed") for user in gone])
    stage.clear_people(world, room, [user.uuid for user in gone])


def kick(
    world: World, room: Room, user: User, *, ban_s: int | None, lift: bool, operator: str | None
) -> None:
    """Remove a user. If ``ban_s`` is given, ban them for this many seconds, or FOREVER.

    If ``lift`` is True, end an earlier ban instead.
    """
    if lift:
        user.banned_until = None
    elif ban_s is not None:
        user.banned_until = FOREVER if ban_s == FOREVER else world.now + ban_s * 1000
    user.updated_ms = world.now
    leave(world, room, user, how="kicked", operator=operator)


def mute_user(world: World, room: Room, user: User, mute: int, *, operator: str | None) -> None:
    """Mute a user in the chat if ``mute`` is 1. If it is 0, unmute the user."""
    user.mute_chat = mute
    data = world.person(room, user) | {"muteChat": room.shapes.number(mute)}
    data["operator"] = world.operator(room, operator)
    world.emit(room, 21, data)


def subscribe(world: World, room: Room, user: User, subscribed: int) -> None:
    """Emit event 24 about whether a user receives the streams of other people."""
    others = [row for other in room.online() if other is not user for row in media.rows(world, other)]
    row = {**world.person(room, user), "subscribe": subscribed, "streams": others}
    world.emit(room, 24, {"users": [row]})


def users_updated(world: World, room: Room, users: list[User], mute: int, *, operator: str | None) -> None:
    """Mute or unmute several users in the chat. Emit a single event 25."""
    for user in users:
        user.mute_chat = mute
    rows = [world.person(room, user) | {"muteChat": mute} for user in users]
    world.emit(room, 25, {"users": rows, "operator": world.operator(room, operator)})


def describe(user: User) -> dict[str, Any]:
    """Return the user as ``GET users/{user}`` does."""
    return {
        "userUuid": user.uuid,
        "userName": user.name,
        "role": user.role,
        "userProperties": user.properties,
        "streamUuid": user.stream_uuid,
        "state": int(user.online),
        "updateTime": user.updated_ms,
        "muteChat": user.mute_chat,
    }


def _remove(world: World, room: Room, user: User, how: str) -> dict[str, Any]:
    user.online = False
    user.updated_ms = world.now
    user.presence[-1].left_ms, user.presence[-1].how = world.now, how
    entry = _entry(world, room, user, KICKED if how == "kicked" else LEFT)
    user.streams.clear()
    notices.left(world, room, user)
    return entry


def _entry(world: World, room: Room, user: User, kind: int) -> dict[str, Any]:
    shapes = room.shapes
    entry = world.person(room, user)
    if world.dialect == "sdk":
        entry |= {"streamUuid": user.stream_uuid, "streams": media.rows(world, user)}
    elif user.streams and not shapes.chance(0.3):
        entry["streams"] = [{"streamUuid": s.uuid, "streamName": s.name} for s in user.streams.values()]
    else:
        entry["streamUuid"] = user.stream_uuid
    entry["userProperties"] = dict(user.properties)
    entry["type"] = shapes.number(kind)
    entry["updateTime"] = shapes.number(user.updated_ms)
    return entry


def _announce(
    world: World,
    room: Room,
    *,
    online: list[dict[str, Any]] | None = None,
    offline: list[dict[str, Any]] | None = None,
) -> None:
    data: dict[str, Any] = {"total": room.shapes.number(len(room.online()))}
    room.shapes.put_array(data, "onlineUsers", online or [])
    room.shapes.put_array(data, "offlineUsers", offline or [])
    world.emit(room, 20, data)
