"""Open, change and end breakout rooms, and move students between them."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import Fields, as_integer, identifier
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import groups


def _rows(call: Call) -> list[dict[str, Any]]:
    rows = []
    for fields in call.fields.objects("groups", required=True):
        row: dict[str, Any] = {"groupName": fields.required_text("groupName")}
        row["users"] = [{"userUuid": member.id("userUuid")} for member in fields.objects("users")]
        if "groupUuid" in fields:
            row["groupUuid"] = fields.id("groupUuid")
        rows.append(row)
    return rows


@router.add("PUT", "/v2/rooms/{room}/groups/states/{state}", "set_groups", region="optional")
@router.add("POST", "/v2/rooms/{room}/groups/states/{state}", "add_groups", region="optional")
def set_groups(call: Call) -> dict[str, Any]:
    """Open the breakout rooms in the body if ``state`` is 1. If it is 0, end them.

    If the body has no breakout rooms and ``state`` is 0, end all.
    """
    state = as_integer(call.params["state"])
    if state not in (0, 1):
        raise bad_parameter("state", "must be 0 or 1")
    rows = _rows(call) if state or call.fields.array("groups") else []
    room = call.room()
    if state:
        groups.open_groups(call.world, room, rows, operator=call.uid)
    else:
        named = [row["groupUuid"] for row in rows if "groupUuid" in row]
        groups.end_groups(call.world, room, named, operator=call.uid)
    return {"groups": [{"groupUuid": uuid, **group} for uuid, group in room.groups.items()]}


@router.add("DELETE", "/v2/rooms/{room}/groups/states/{state}", "delete_groups", region="optional")
def delete_groups(call: Call) -> None:
    """Delete the breakout rooms in ``removeGroupUuids`` or ``groups``. If the body has none, delete all."""
    uuids = [identifier("removeGroupUuids", uuid) for uuid in call.fields.strings("removeGroupUuids")]
    uuids += [fields.id("groupUuid") for fields in call.fields.objects("groups")]
    groups.end_groups(call.world, call.room(), uuids, operator=call.uid)


def _user_ids(fields: Fields, name: str) -> list[str]:
    """Return the ids in a list of users. Each user is a string or an object with ``userUuid``."""
    found = []
    for item in fields.array(name) or []:
        value = item.get("userUuid") if isinstance(item, dict) else item
        found.append(identifier(fields.name(name), value))
    return found


@router.add("PATCH", "/v2/rooms/{room}/groups/users", "move_group_users", region="optional")
def move_group_users(call: Call) -> None:
    """Add the users in ``addUsers`` to breakout rooms, and remove those in ``removeUsers``.

    If ``inProgress`` is true, the cloud invites the users first. Simulated users always accept immediately.
    """
    moves = [
        (row.id("groupUuid"), _user_ids(row, "addUsers"), _user_ids(row, "removeUsers"))
        for row in call.fields.objects("groups", required=True)
    ]
    call.fields.boolean("inProgress")
    groups.move_people(call.world, call.room(), moves, operator=call.uid)


@router.add("PATCH", "/v2/rooms/{room}/groups/info", "rename_groups", region="optional")
def rename_groups(call: Call) -> None:
    """Rename breakout rooms."""
    names = [
        (row.id("groupUuid"), row.required_text("groupName"))
        for row in call.fields.objects("groups", required=True)
    ]
    groups.rename(call.world, call.room(), names, operator=call.uid)
