"""The calls of the media network, which have their own paths, credentials and response format."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import as_integer
from classroom_admin.simulator.errors import bad_parameter, unauthorized
from classroom_admin.simulator.world import kicking_rules

SHORTEST_RULE_S, LONGEST_RULE_S = 10, 86_430


def _check_app(call: Call, app_id: str | None) -> None:
    if app_id != call.world.app_id:
        raise unauthorized("appid: unknown")


@router.add("POST", "/v1/kicking-rule", "add_kicking_rule", dev=True)
def add_kicking_rule(call: Call) -> dict[str, Any]:
    """Add a rule that takes rights from a stream. ``uid`` is its number and ``cname`` the id of the room."""
    fields = call.fields
    _check_app(call, fields.text("appid"))
    seconds = fields.integer("time_in_seconds", low=SHORTEST_RULE_S, high=LONGEST_RULE_S, required=True) or 0
    privileges = tuple(fields.strings("privileges", required=True))
    if any(name not in kicking_rules.PRIVILEGES for name in privileges):
        raise bad_parameter("privileges", "must be of " + ", ".join(kicking_rules.PRIVILEGES))
    uid = fields.integer("uid", low=0, high=2**32 - 1, required=True)
    channel = fields.required_text("cname")
    rule = kicking_rules.add(
        call.world, channel=channel, uid=str(uid), privileges=privileges, seconds=seconds
    )
    return {"status": "success", "id": rule.id}


@router.add("GET", "/v1/kicking-rule", "list_kicking_rules", dev=True)
def list_kicking_rules(call: Call) -> dict[str, Any]:
    _check_app(call, call.query.get("appid"))
    rows = [
        {"id": rule.id, "appid": call.world.app_id, "cname": rule.channel, "uid": int(rule.uid), "ip": None}
        | {
            "privileges": list(rule.privileges),
            "ts": rule.until_ms // 1000,
            "createAt": rule.created_ms // 1000,
        }
        for rule in call.world.kicking_rules.values()
    ]
    return {"status": "success", "rules": rows}


@router.add("DELETE", "/v1/kicking-rule", "delete_kicking_rule", dev=True)
def delete_kicking_rule(call: Call) -> dict[str, Any]:
    _check_app(call, call.fields.text("appid"))
    number = call.fields.integer("id", low=1, required=True) or 0
    kicking_rules.remove(call.world, number)
    return {"status": "success", "id": number}


@router.add("GET", "/v1/channel/{appid}", "list_channels", dev=True)
def list_channels(call: Call) -> dict[str, Any]:
    """List the rooms that have people in them. ``page_no`` and ``page_size`` select a page."""
    _check_app(call, call.params["appid"])
    page = call.query_integer("page_no", low=0) or 0
    size = call.query_integer("page_size", low=1, high=500) or 100
    rows = [
        {"channel_name": room.uuid, "user_count": len(room.online())}
        for room in call.world.rooms.values()
        if room.online()
    ]
    shown = rows[page * size : (page + 1) * size]
    return {"success": True, "data": {"channels": shown, "total_size": len(rows)}}


@router.add("GET", "/v1/channel/user/{appid}/{channel}", "list_channel_users", dev=True)
def list_channel_users(call: Call) -> dict[str, Any]:
    """Return two lists of the people in a room: those with streams and those without."""
    _check_app(call, call.params["appid"])
    room = call.world.rooms.get(call.params["channel"])
    users = room.online() if room is not None else []
    if not users:
        return {"success": True, "data": {"channel_exist": False}}
    numbers = {user.uuid: as_integer(user.stream_uuid) or 0 for user in users}
    speaking = [numbers[user.uuid] for user in users if user.streams]
    listening = [numbers[user.uuid] for user in users if not user.streams]
    data = {"channel_exist": True, "mode": 2, "broadcasters": speaking, "audience": listening}
    return {"success": True, "data": data | {"audience_total": len(listening)}}
