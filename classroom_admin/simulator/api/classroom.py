"""The calls of a classroom client: entering, chat, hands, stage, rewards, streams and the snapshot."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.rooms import room_type, schedule_of
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import Room, classes, media, messages, people, snapshot, stage
from classroom_admin.simulator.world.model import Role, User
from classroom_admin.simulator.world.world import ROLE_WORDS


def role_of(fields: Fields, name: str = "role") -> int:
    """Return the role in a field, which may contain a number, a number in a string, or the vendor's word."""
    value = fields.raw(name)
    number = as_integer(value)
    if number is None and isinstance(value, str):
        number = ROLE_WORDS.get(value)
    if number is None or number not in tuple(Role):
        raise bad_parameter(fields.name(name), "must be 0 to 4 or one of " + ", ".join(ROLE_WORDS))
    return int(number)


@router.add("GET", "/v2/configs", "configs", region="optional")
def configs(call: Call) -> dict[str, Any]:
    """Return the configuration of the classroom client."""
    return {}


@router.add("PUT", "/v3/rooms/{room}/users/{user}", "enter", region="optional")
def enter(call: Call) -> dict[str, Any]:
    """Let a user enter a room. Create the room if it is missing. Raise CloudError 403 30403100 if banned."""
    fields, world = call.fields, call.world
    role = role_of(fields)
    name = fields.text("userName") or call.params["user"]
    properties = fields.object("userProperties")
    kind = room_type(fields, required=False)
    schedule = schedule_of(fields)
    room = world.rooms.get(call.params["room"])
    if room is None:
        room_name = fields.text("roomName") or call.params["room"]
        room = classes.create(
            world,
            uuid=call.params["room"],
            name=room_name,
            type=4 if kind is None else kind,
            schedule=schedule,
        )
        world.advance(world.now)
    user = people.enter(world, room, uuid=call.params["user"], name=name, role=role, properties=properties)
    return {"room": classes.describe(room), "user": people.describe(user), "snapshot": snapshot.of_room(room)}


@router.add("POST", "/v2/rooms/{room}/from/{user}/chat", "chat", region="optional")
def chat(call: Call) -> dict[str, Any]:
    """Send a chat message (event 3). Raise CloudError 403 30403200 if the chat is muted."""
    message = call.fields.required_text("message")
    call.fields.integer("type", low=1, high=1)
    room = call.room()
    return messages.chat(call.world, room, call.user(room), message)


@router.add("GET", "/v2/rooms/{room}/chat/messages", "chat_history", region="optional")
def chat_history(call: Call) -> dict[str, Any]:
    """Return the chat history. ``sort`` is 0 (newest first) or 1 (oldest first)."""
    sort = call.query_integer("sort", low=0, high=1)
    rows = call.room().chat
    return call.page(rows if sort else rows[::-1])


@router.add("PUT", "/v2/rooms/{room}/mute", "mute_room", region="optional")
def mute_room(call: Call) -> None:
    """Mute the room's chat."""
    mute = call.fields.integer("muteChat", low=0, high=1, required=True) or 0
    messages.mute_room(call.world, call.room(), mute, operator=call.uid)


@router.add("POST", "/v2/rooms/{room}/rewards", "rewards", region="optional")
@router.add("POST", "/v3/rooms/{room}/rewards", "rewards_v3", region="optional")
def rewards(call: Call) -> None:
    """Give rewards to users (event 1101)."""
    details = call.fields.objects("rewardDetails", required=True)
    given = [
        (row.id("userUuid"), row.integer("changeReward", low=-1000, high=1000, required=True) or 0)
        for row in details
    ]
    if not given:
        raise bad_parameter("rewardDetails", "must name at least one user")
    room = call.room()
    stage.reward(call.world, room, [(call.world.user(room, uuid), change) for uuid, change in given])


def _target(call: Call) -> tuple[Room, User]:
    uuid = call.fields.id("toUserUuid")
    room = call.room()
    return room, call.world.user(room, uuid)


def _check_process(call: Call) -> None:
    if call.params["process"] not in ("waveArm", "handsUp"):
        raise bad_parameter("process", "must be waveArm or handsUp")


@router.add("POST", "/v2/rooms/{room}/processes/{process}/progress", "raise_hand", region="optional")
def raise_hand(call: Call) -> None:
    """Raise a hand (event 1502). With ``timeout``, lower it after this many seconds."""
    _check_process(call)
    timeout = call.fields.integer("timeout", low=-1, high=86_400)
    payload = call.fields.object("payload")
    room, user = _target(call) if "toUserUuid" in call.fields else _caller(call)
    stage.wave(call.world, room, user, payload=payload, timeout_s=timeout)


def _caller(call: Call) -> tuple[Room, User]:
    room = call.room()
    return room, call.world.user(room, call.uid)


@router.add("DELETE", "/v2/rooms/{room}/processes/{process}/progress", "lower_hand", region="optional")
def lower_hand(call: Call) -> None:
    _check_process(call)
    room, user = _target(call) if "toUserUuid" in call.fields else _caller(call)
    stage.lower(call.world, room, user)


@router.add("POST", "/v2/rooms/{room}/processes/handsUp/acceptance", "stage_on", region="optional")
def stage_on(call: Call) -> None:
    """Move a user onto the stage (event 1501)."""
    room, user = _target(call)
    stage.go_on(call.world, room, user)


@router.add("DELETE", "/v2/rooms/{room}/processes/handsUp/acceptance", "stage_off", region="optional")
def stage_off(call: Call) -> None:
    room, user = _target(call)
    stage.go_off(call.world, room, user)


@router.add("POST", "/v2/rooms/{room}/processes/handsUp/acceptance/all", "stage_clear", region="optional")
@router.add(
    "DELETE", "/v2/rooms/{room}/processes/handsUp/acceptance/all", "stage_clear_all", region="optional"
)
def stage_clear(call: Call) -> None:
    stage.clear(call.world, call.room())


@router.add("GET", "/v1/rooms/{room}/snapshot", "snapshot", region="optional", scene=True)
def room_snapshot(call: Call) -> dict[str, Any]:
    """Return the current state of the room."""
    return snapshot.of_room(call.room())


_STREAM_FIELDS = {
    "videoState": ("video_state", 1),
    "audioState": ("audio_state", 1),
    "videoSourceType": ("video_source", 2),
    "audioSourceType": ("audio_source", 2),
}


def stream_changes(fields: Fields) -> dict[str, int]:
    changes = {}
    for name, (attribute, highest) in _STREAM_FIELDS.items():
        value = fields.integer(name, low=0, high=highest)
        if value is not None:
            changes[attribute] = value
    return changes


@router.add("PUT", "/v1/rooms/{room}/users/{user}/streams/{stream}", "put_stream", region="optional")
def put_stream(call: Call) -> dict[str, Any]:
    """Add or change a stream (event 40)."""
    changes = stream_changes(call.fields)
    room = call.room()
    user = call.user(room)
    stream = media.put(call.world, room, user, call.params["stream"], changes, operator=call.uid)
    return {"streamUuid": stream.uuid}


@router.add("DELETE", "/v1/rooms/{room}/users/{user}/streams/{stream}", "delete_stream", region="optional")
def delete_stream(call: Call) -> None:
    room = call.room()
    media.delete(call.world, room, call.user(room), call.params["stream"], operator=call.uid)
