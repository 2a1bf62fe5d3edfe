"""Remove and read users."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import people
from classroom_admin.simulator.world.model import FOREVER


@router.add("POST", "/v2/rooms/{room}/users/{user}/exit", "kick", region="optional")
def kick(call: Call) -> None:
    """Remove a user from a room.

    If ``dirty.state`` is 1, ban the user for ``duration`` seconds. The ban is permanent if this is -1 or
    absent. If ``dirty.state`` is 0, end a ban.
    """
    dirty = call.fields.fields("dirty")
    ban_s: int | None = None
    lift = False
    if "dirty" in call.fields:
        state = dirty.integer("state", low=0, high=1, required=True)
        duration = dirty.integer("duration", low=FOREVER)
        if state == 1:
            ban_s = FOREVER if duration is None else duration
        lift = state == 0
    room = call.room()
    people.kick(call.world, room, call.user(room), ban_s=ban_s, lift=lift, operator=call.uid)


@router.add("GET", "/v2/rooms/{room}/users/{user}", "read_user", region="optional")
def read_user(call: Call) -> dict[str, Any]:
    return people.describe(call.user(call.room()))


@router.add("GET", "/v2/rooms/{room}/users", "list_users", region="optional")
def list_users(call: Call) -> dict[str, Any]:
    """List users. ``role``, ``type`` and ``userName`` filter them. ``type`` 1 means present."""
    count = call.query_integer("count", low=1, high=1000) or 100
    role = call.query.get("role")
    only_present = call.query.get("type") == "1"
    wanted = call.query.get("userName", "")
    if role is not None and not role.lstrip("-").isdigit() and role != "":
        raise bad_parameter("role", "must be a number")
    rows = [
        people.describe(user)
        for user in call.room().users.values()
        if (not role or user.role == int(role)) and (user.online or not only_present) and wanted in user.name
    ]
    return call.page(rows, count)
