"""The calls of a classroom client: configuration, entering, rewards, personal files and the snapshot."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.rooms import room_type, schedule_of
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import classes, media, people, snapshot, stage
from classroom_admin.simulator.world.model import Role
from classroom_admin.simulator.world.world import ROLE_WORDS


def role_of(fields: Fields, name: str = "role") -> int:
    """Return the role in a field. The field may have a number, a number as text, or the vendor's word."""
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
    """Let a user enter a room. Create the room if it does not exist.

    Raise CloudError 403 30403100 if the user is banned.
    """
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
    return {
        "room": classes.describe(room),
        "user": people.describe(user),
        "snapshot": snapshot.of_room(world, room),
    }


@router.add("POST", "/v1/rooms/{room}/users/{user}/entry", "entry", region="optional", scene=True)
def entry(call: Call) -> dict[str, Any]:
    """Let a user enter an existing room. The vendor's engine calls this after ``enter``."""
    fields, world = call.fields, call.world
    role = role_of(fields)
    name = fields.text("userName") or call.params["user"]
    room = call.room()
    user = people.enter(world, room, uuid=call.params["user"], name=name, role=role)
    described = people.describe(user) | {"userToken": "", "rtmToken": "", "rtcToken": ""}
    described |= {"role": world.person(room, user)["role"], "streams": media.rows(world, user)}
    info = {"roomUuid": room.uuid, "roomName": room.name}
    state = {"state": int(room.state), "createTime": room.created_ms, "muteChat": room.mute_chat}
    return {"room": {"roomInfo": info, "roomState": state}, "user": described}


@router.add("POST", "/v2/rooms/{room}/rewards", "rewards", region="optional")
@router.add("POST", "/v3/rooms/{room}/rewards", "rewards_v3", region="optional")
@router.add("POST", "/v4/rooms/{room}/rewards", "rewards_v4", region="optional")
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


@router.add("GET", "/v1/rooms/{room}/snapshot", "snapshot", region="optional", scene=True)
def room_snapshot(call: Call) -> dict[str, Any]:
    """Return the current state of the room."""
    return snapshot.of_room(call.world, call.room())


@router.add("GET", "/v3/users/{user}/resources/page", "personal_files", region="optional")
def personal_files(call: Call) -> dict[str, Any]:
    """Return the personal files of a user. The list is always empty."""
    return {"total": 0, "pageNo": 1, "pageSize": 0, "pages": 0, "list": [], "nextId": None}
