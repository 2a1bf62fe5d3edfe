"""Control calls for one class: its state, its people and what they say."""

from typing import Any

from classroom_admin.simulator.api.classroom import role_of
from classroom_admin.simulator.api.rooms import room_type, schedule_of
from classroom_admin.simulator.api.streams import stream_changes
from classroom_admin.simulator.checks import identifier
from classroom_admin.simulator.control.call import Control, table
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import (
    Room,
    agora_chat,
    classes,
    groups,
    media,
    messages,
    oracle,
    people,
    properties,
    stage,
)
from classroom_admin.simulator.world.model import FOREVER, Role


def done(control: Control, room: Room, **more: Any) -> dict[str, Any]:
    """Return the response of a control call: the room's id, its last sequence numbers and ``more``."""
    return {"roomUuid": room.uuid, "last": {name: log.last for name, log in room.logs.items()}, **more}


@table.add("POST", "/rooms")
def make_room(control: Control) -> dict[str, Any]:
    """Create a room.

    ``startTime`` is in milliseconds, ``duration`` and ``closeDelay`` in seconds. ``agoraChat`` says whether
    the class uses Agora Chat. ``roomType`` is 4 by default.
    """
    fields = control.fields
    uuid = fields.id("roomUuid")
    kind = room_type(fields, required=False)
    room = classes.create(
        control.world,
        uuid=uuid,
        name=fields.text("roomName") or uuid,
        type=4 if kind is None else kind,
        schedule=schedule_of(fields),
        processes=fields.object("processes"),
        role_config=fields.object("roleConfig"),
        uses_chat=fields.boolean("agoraChat"),
    )
    control.cloud.tick()
    state = fields.integer("state", low=0, high=3)
    if state is not None and state != room.state:
        classes.set_state(control.world, room, state, operator=None)
    return done(control, room)


@table.add("GET", "/rooms")
def list_rooms(control: Control) -> dict[str, Any]:
    """Return a summary of each room."""
    rows = [
        {
            "roomUuid": room.uuid,
            "roomName": room.name,
            "state": int(room.state),
            "people": len(room.online()),
            "hands": len(room.hands),
            "recording": room.current_recording() is not None,
            "last": room.logs["room"].last,
        }
        for room in control.world.rooms.values()
    ]
    return {"rooms": rows}


@table.add("GET", "/rooms/{room}")
def read_room(control: Control) -> dict[str, Any]:
    """Return the complete state of one room."""
    return oracle.room_truth(control.world, control.room())


@table.add("POST", "/rooms/{room}/enter")
def enter(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` enter as ``role``, by default 2. If ``stream`` is true, their camera is on.

    With ``token``, the token must be for this room, person and role, as in a classroom app.
    """
    fields, room = control.fields, control.room()
    role = role_of(fields) if "role" in fields else Role.STUDENT
    uuid = fields.id("userUuid")
    token = fields.text("token")
    if token is not None:
        control.cloud.check_room_token(token=token, room=room.uuid, user=uuid, role=int(role))
    user = people.enter(
        control.world,
        room,
        uuid=uuid,
        name=fields.text("userName") or uuid,
        role=int(role),
        properties=fields.object("properties"),
        with_stream=bool(fields.boolean("stream")),
    )
    return done(control, room, user=people.describe(user))


@table.add("POST", "/rooms/{room}/chat-order")
def chat_order(control: Control) -> dict[str, Any]:
    """Send the command ``order`` of a classroom client through Agora Chat, such as setAllMute."""
    room = control.room()
    user, order = control.user(room), control.fields.required_text("order")
    about = control.fields.text("about") or ""
    return done(control, room, sent=agora_chat.order(control.world, room, user, order, about=about))


@table.add("POST", "/rooms/{room}/leave")
def leave(control: Control) -> dict[str, Any]:
    room = control.room()
    people.leave(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/drop")
def drop(control: Control) -> dict[str, Any]:
    """Break the connection of ``userUuid``. Their next entry counts as a reconnect."""
    room = control.room()
    people.leave(control.world, room, control.user(room), how="dropped")
    return done(control, room)


@table.add("POST", "/rooms/{room}/tab")
def tab(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` open a second tab. If ``open`` is false, close it. The user stays present."""
    room = control.room()
    opens = control.fields.boolean("open")
    act = people.close_tab if opens is False else people.open_tab
    act(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/vanish")
def vanish(control: Control) -> dict[str, Any]:
    """Let ``userUuid`` leave without an event."""
    room = control.room()
    people.vanish(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/kick")
def kick(control: Control) -> dict[str, Any]:
    """Remove ``userUuid``. ``by`` is the operator.

    If ``duration`` is given, ban the user for this many seconds. The value -1 means permanently.
    """
    room = control.room()
    duration = control.fields.integer("duration", low=FOREVER)
    people.kick(
        control.world,
        room,
        control.user(room),
        ban_s=duration,
        lift=False,
        operator=control.fields.text("by"),
    )
    return done(control, room)


@table.add("POST", "/rooms/{room}/state")
def set_state(control: Control) -> dict[str, Any]:
    room = control.room()
    state = control.fields.integer("state", low=0, high=3, required=True) or 0
    classes.set_state(control.world, room, state, operator=control.fields.text("by"))
    return done(control, room)


@table.add("POST", "/rooms/{room}/destroy")
def destroy(control: Control) -> dict[str, Any]:
    room = control.room()
    control.world.forget(room)
    return done(control, room)


@table.add("POST", "/rooms/{room}/chat")
def chat(control: Control) -> dict[str, Any]:
    room = control.room()
    messages.chat(control.world, room, control.user(room), control.fields.required_text("message"))
    return done(control, room)


@table.add("POST", "/rooms/{room}/custom")
def custom(control: Control) -> dict[str, Any]:
    """Send the custom message ``message`` from ``userUuid``. ``cmd`` is 99 by default, or 21."""
    room = control.room()
    cmd = control.fields.choice("cmd", (99, 21), default=99)
    messages.custom(control.world, room, control.user(room), control.fields.required_text("message"), cmd=cmd)
    return done(control, room)


@table.add("POST", "/rooms/{room}/peer")
def peer(control: Control) -> dict[str, Any]:
    """Send ``message`` from ``userUuid`` to ``toUserUuid``. ``cmd`` is 1 (chat) or 99 (custom).

    In the response, ``relay`` is the item that a webhook receives.
    """
    room, fields = control.room(), control.fields
    cmd = fields.choice("cmd", (1, 99), default=1)
    delivered = messages.peer(
        control.world,
        room,
        control.user(room),
        to=fields.id("toUserUuid"),
        message=fields.required_text("message"),
        cmd=cmd,
    )
    return done(control, room, relay=delivered)


@table.add("POST", "/rooms/{room}/wave")
def wave(control: Control) -> dict[str, Any]:
    """Raise the hand of ``userUuid`` with ``payload``.

    Lower it after ``timeout`` seconds if this is given.
    """
    room, fields = control.room(), control.fields
    timeout = fields.integer("timeout", low=1)
    stage.wave(control.world, room, control.user(room), payload=fields.object("payload"), timeout_s=timeout)
    return done(control, room)


@table.add("POST", "/rooms/{room}/lower")
def lower(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.lower(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/stage")
def go_on_stage(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.go_on(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/unstage")
def leave_stage(control: Control) -> dict[str, Any]:
    room = control.room()
    stage.go_off(control.world, room, control.user(room))
    return done(control, room)


@table.add("POST", "/rooms/{room}/reward")
def reward(control: Control) -> dict[str, Any]:
    """Give ``change`` rewards to ``userUuid``, by default one."""
    room = control.room()
    change = control.fields.integer("change", low=-1000, high=1000, default=1) or 0
    stage.reward(control.world, room, [(control.user(room), change)])
    return done(control, room)


@table.add("POST", "/rooms/{room}/mute")
def mute(control: Control) -> dict[str, Any]:
    """Mute ``userUuid`` or everyone in the chat. If ``muteChat`` is 0, unmute them.

    ``by`` is the operator.
    """
    room, fields = control.room(), control.fields
    state = fields.integer("muteChat", low=0, high=1, default=1) or 0
    by = fields.text("by")
    if "userUuid" in fields:
        people.mute_user(control.world, room, control.user(room), state, operator=by)
    else:
        messages.mute_room(control.world, room, state, operator=by)
    return done(control, room)


@table.add("POST", "/rooms/{room}/stream")
def stream(control: Control) -> dict[str, Any]:
    """Change a stream of ``userUuid``. If ``delete`` is true, stop it.

    ``streamUuid`` is by default the camera's stream. The fields to change are ``videoState``, ``audioState``,
    ``videoSourceType`` and ``audioSourceType``.
    """
    room, fields = control.room(), control.fields
    user = control.user(room)
    uuid = fields.text("streamUuid") or user.stream_uuid
    if fields.boolean("delete"):
        media.delete(control.world, room, user, uuid)
    else:
        media.put(control.world, room, user, uuid, stream_changes(fields))
    return done(control, room)


@table.add("POST", "/rooms/{room}/property")
def change_property(control: Control) -> dict[str, Any]:
    """Set ``properties`` of the room or of users. If ``delete`` has names, delete these properties instead.

    ``userUuid`` or ``userUuids`` names the users. With ``userUuids``, one event 23 reports all of them.
    """
    room, fields, world = control.room(), control.fields, control.world
    by = fields.text("by")
    changes, names = fields.object("properties"), fields.strings("delete")
    if (changes is None) == (not names):
        raise bad_parameter("properties", "or delete must be given")
    if "userUuids" in fields:
        users = [world.user(room, identifier("userUuids", uuid)) for uuid in fields.strings("userUuids")]
        properties.put_users(world, room, users, changes or {}, operator=by)
    elif "userUuid" in fields:
        user = control.user(room)
        if changes is not None:
            properties.put_user(world, room, user, changes, operator=by)
        else:
            properties.delete_user(world, room, user, names, operator=by)
    elif changes is not None:
        properties.put_room(world, room, changes, operator=by)
    else:
        properties.delete_room(world, room, names, operator=by)
    return done(control, room)


@table.add("POST", "/rooms/{room}/announce")
def announce(control: Control) -> dict[str, Any]:
    """Announce ``message`` to the class, as a server does. ``range`` is 1 by default, or 2 or 3."""
    room, fields = control.room(), control.fields
    where = fields.integer("range", low=1, high=3, default=1) or 1
    by = fields.text("by") or "server"
    messages.announce(control.world, room, fields.required_text("message"), where=where, groups=[], by=by)
    return done(control, room)


@table.add("POST", "/rooms/{room}/subscribe")
def subscribe(control: Control) -> dict[str, Any]:
    """Emit event 24. If ``subscribe`` is 1, ``userUuid`` receives streams. If it is 0, they no longer do."""
    room, fields = control.room(), control.fields
    subscribed = fields.integer("subscribe", low=0, high=1, default=1)
    people.subscribe(control.world, room, control.user(room), 1 if subscribed is None else subscribed)
    return done(control, room)


@table.add("POST", "/rooms/{room}/mute-many")
def mute_many(control: Control) -> dict[str, Any]:
    """Mute ``userUuids`` in the chat. If ``muteChat`` is 0, unmute them. Emit a single event 25."""
    room, fields = control.room(), control.fields
    mute = fields.integer("muteChat", low=0, high=1, default=1)
    users = [control.world.user(room, uuid) for uuid in fields.strings("userUuids", required=True)]
    by = fields.text("by")
    people.users_updated(control.world, room, users, 1 if mute is None else mute, operator=by)
    return done(control, room)


@table.add("POST", "/rooms/{room}/groups")
def set_groups(control: Control) -> dict[str, Any]:
    """Open the breakout rooms in ``groups``. If ``groups`` is empty, end all breakout rooms.

    A breakout room has ``groupUuid``, ``groupName`` and ``userUuids``.
    """
    room, fields = control.room(), control.fields
    rows: list[dict[str, Any]] = []
    for row in fields.objects("groups"):
        users = [{"userUuid": identifier("userUuids", uuid)} for uuid in row.strings("userUuids")]
        named = {"groupUuid": row.id("groupUuid")} if "groupUuid" in row else {}
        rows.append({**named, "groupName": row.required_text("groupName"), "users": users})
    by = fields.text("by")
    if rows:
        groups.open_groups(control.world, room, rows, operator=by)
    else:
        groups.end_groups(control.world, room, [], operator=by)
    return done(control, room, groups=room.groups)


@table.add("POST", "/rooms/{room}/void")
def void(control: Control) -> dict[str, Any]:
    """Skip ``count`` sequence numbers, by default one. The real cloud does this for hidden events."""
    room = control.room()
    skipped = [
        room.logs["room"].next_sequence()
        for _ in range(control.fields.integer("count", low=1, default=1) or 1)
    ]
    return done(control, room, void=skipped)
