"""Create and read rooms, and change the class state."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, as_integer
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import classes
from classroom_admin.simulator.world.model import DEFAULT_CLOSE_DELAY_S, Schedule

ROOM_TYPES = (0, 2, 4, 10)
LONGEST_CLASS_S = 86_400


def room_type(fields: Fields, *, required: bool) -> int | None:
    number = fields.integer("roomType", required=required)
    if number is not None and number not in ROOM_TYPES:
        raise bad_parameter(fields.name("roomType"), "must be one of 0, 2, 4, 10")
    return number


def schedule_of(fields: Fields) -> Schedule:
    """Return the schedule in a request. ``startTime`` is in milliseconds, the other fields in seconds."""
    close_delay = fields.integer("closeDelay", low=0, high=LONGEST_CLASS_S, default=DEFAULT_CLOSE_DELAY_S)
    return Schedule(
        start_ms=fields.integer("startTime", low=0),
        duration_s=fields.integer("duration", low=1, high=LONGEST_CLASS_S),
        close_delay_s=DEFAULT_CLOSE_DELAY_S if close_delay is None else close_delay,
    )


@router.add("POST", "/v2/rooms/{room}", "create_room")
def create_room(call: Call) -> dict[str, Any]:
    """Create a room. Raise CloudError 409 20409000 if the room exists."""
    fields = call.fields
    kind = room_type(fields, required=True)
    name = fields.required_text("roomName")
    if len(name) > 64:
        raise bad_parameter("roomName", "must be at most 64 characters")
    given = fields.fields("roomProperties")
    schedule = schedule_of(given.fields("schedule"))
    processes = given.object("processes") or {}
    hands_up = given.fields("processes").fields("handsUp")
    hands_up.integer("maxAccept", low=0)
    role = hands_up.integer if isinstance(hands_up.raw("defaultAcceptRole"), int) else hands_up.text
    role("defaultAcceptRole")
    room = classes.create(
        call.world,
        uuid=call.params["room"],
        name=name,
        type=kind or 0,
        schedule=schedule,
        processes=processes,
        properties=given.object("flexProps"),
        widgets=given.object("widgets"),
        role_config=_role_config(fields),
    )
    return {"roomUuid": room.uuid, "roomName": room.name, "createTime": room.created_ms}


def _role_config(fields: Fields) -> dict[str, Any]:
    config = fields.object("roleConfig") or {}
    for role in config:
        rule = fields.fields("roleConfig").fields(role)
        rule.integer("limit", low=-1)
        stream = rule.fields("defaultStream")
        for name in ("state", "videoState", "audioState"):
            stream.choice(name, (0, 1))
    return config


@router.add("GET", "/v2/rooms/{room}", "read_room")
def read_room(call: Call) -> dict[str, Any]:
    return classes.describe(call.room())


@router.add("PUT", "/v2/rooms/{room}/states/{state}", "set_class_state", region="optional")
def set_class_state(call: Call) -> None:
    """Change the class state to 0, 1, 2 or 3."""
    state = as_integer(call.params["state"])
    if state not in (0, 1, 2, 3):
        raise bad_parameter("state", "must be 0, 1, 2 or 3")
    classes.set_state(call.world, call.room(), state, operator=call.uid)
