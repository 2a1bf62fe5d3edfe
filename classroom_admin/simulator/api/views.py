"""The calls for a shared screen, the carousel of cameras and the expanded view, which everybody sees."""

from typing import Any

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.checks import as_integer, identifier
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import views


def _state(call: Call) -> int:
    state = as_integer(call.params["state"])
    if state not in (0, 1):
        raise bad_parameter("state", "must be 0 or 1")
    return state


def _screen(call: Call, state: int) -> dict[str, Any]:
    room = call.room()
    user = call.user(room)
    if state:
        return {"streamUuid": views.share_screen(call.world, room, user, operator=call.uid)}
    views.stop_screen(call.world, room, user, operator=call.uid)
    return {}


@router.add("PUT", "/v2/rooms/{room}/users/{user}/screen/{state}", "set_screen", region="optional")
def set_screen(call: Call) -> dict[str, Any]:
    """Let a user share their screen if ``state`` is 1. If it is 0, stop sharing it."""
    return _screen(call, _state(call))


@router.add("PUT", "/v2/rooms/{room}/users/{user}/screen", "start_screen", region="optional")
def start_screen(call: Call) -> dict[str, Any]:
    return _screen(call, 1)


@router.add("DELETE", "/v2/rooms/{room}/users/{user}/screen", "stop_screen", region="optional")
def stop_screen(call: Call) -> dict[str, Any]:
    return _screen(call, 0)


@router.add("PUT", "/v2/rooms/{room}/carousels/states/{state}", "set_carousel", region="optional")
def set_carousel(call: Call) -> None:
    """Start or stop the carousel, which shows everybody's camera in turn."""
    state, fields = _state(call), call.fields
    changes: dict[str, Any] = {"state": state}
    for name, low, high in (("range", 1, 2), ("type", 1, 2), ("interval", 1, 3600), ("count", 1, 100)):
        value = fields.integer(name, low=low, high=high)
        if state and value is not None:
            changes[name] = value
    views.set_carousel(call.world, call.room(), changes, operator=call.uid)


@router.add("PUT", "/v2/rooms/{room}/expandedScope/states/{state}", "set_expanded_scope", region="optional")
def set_expanded_scope(call: Call) -> None:
    """Show or hide the expanded view of the users in ``userUuids``."""
    state = _state(call)
    users = [identifier("userUuids", uuid) for uuid in call.fields.strings("userUuids")]
    changes: dict[str, Any] = {"state": state}
    if state:
        changes["userUuids"] = users
    views.set_expanded_scope(call.world, call.room(), changes, operator=call.uid)
