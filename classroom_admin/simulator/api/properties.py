"""The calls that set and delete custom properties of rooms, users and extApps."""

from classroom_admin.simulator.api.call import Call
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.world import properties


@router.add("PUT", "/v2/rooms/{room}/properties", "put_room_properties", region="optional")
@router.add("PUT", "/v1/rooms/{room}/properties", "put_room_properties_v1", region="optional", scene=True)
def put_room_properties(call: Call) -> None:
    """Set room properties (event 4)."""
    changes = call.fields.object("properties", required=True) or {}
    cause = call.fields.object("cause")
    properties.put_room(call.world, call.room(), changes, cause=cause, operator=call.uid)


@router.add("DELETE", "/v2/rooms/{room}/properties", "delete_room_properties", region="optional")
@router.add(
    "DELETE", "/v1/rooms/{room}/properties", "delete_room_properties_v1", region="optional", scene=True
)
def delete_room_properties(call: Call) -> None:
    names = call.fields.strings("properties", required=True)
    cause = call.fields.object("cause")
    properties.delete_room(call.world, call.room(), names, cause=cause, operator=call.uid)


_V1_USER = "/v1/rooms/{room}/users/{user}/properties"


@router.add("PUT", "/v2/rooms/{room}/users/{user}/properties", "put_user_properties", region="optional")
@router.add("PUT", _V1_USER, "put_user_properties_v1", region="optional", scene=True)
def put_user_properties(call: Call) -> None:
    """Set user properties (event 22)."""
    changes = call.fields.object("properties", required=True) or {}
    cause = call.fields.object("cause")
    room = call.room()
    properties.put_user(call.world, room, call.user(room), changes, cause=cause, operator=call.uid)


@router.add("DELETE", "/v2/rooms/{room}/users/{user}/properties", "delete_user_properties", region="optional")
@router.add("DELETE", _V1_USER, "delete_user_properties_v1", region="optional", scene=True)
def delete_user_properties(call: Call) -> None:
    names = call.fields.strings("properties", required=True)
    cause = call.fields.object("cause")
    room = call.room()
    properties.delete_user(call.world, room, call.user(room), names, cause=cause, operator=call.uid)


_BATCH, _V1_BATCH = "/v2/rooms/{room}/users/properties/batch", "/v1/rooms/{room}/users/properties"


@router.add("PUT", _BATCH, "put_users_properties", region="optional")
@router.add("PUT", _V1_BATCH, "put_users_properties_v1", region="optional", scene=True)
def put_users_properties(call: Call) -> None:
    """Set properties of several users. Each user may get different properties."""
    rows = [
        (row.id("userUuid"), row.object("properties", required=True) or {}, row.object("cause"))
        for row in call.fields.objects("users", required=True)
    ]
    room = call.room()
    for uuid, changes, cause in rows:
        user = call.world.user(room, uuid)
        properties.put_user(call.world, room, user, changes, cause=cause, operator=call.uid)


@router.add("DELETE", _BATCH, "delete_users_properties", region="optional")
@router.add("DELETE", _V1_BATCH, "delete_users_properties_v1", region="optional", scene=True)
def delete_users_properties(call: Call) -> None:
    """Delete properties of several users."""
    rows = [
        (row.id("userUuid"), row.strings("properties", required=True), row.object("cause"))
        for row in call.fields.objects("users", required=True)
    ]
    room = call.room()
    for uuid, names, cause in rows:
        user = call.world.user(room, uuid)
        properties.delete_user(call.world, room, user, names, cause=cause, operator=call.uid)


@router.add(
    "PUT", "/v2/rooms/{room}/extApps/{extApp}/properties", "put_ext_app_properties", region="optional"
)
def put_ext_app_properties(call: Call) -> None:
    """Set properties of an extension. Event 4 contains them under ``extApps``."""
    changes = call.fields.object("properties", required=True) or {}
    state = call.fields.fields("common").choice("state", (0, 1))
    cause = call.fields.object("cause")
    properties.put_ext_app(
        call.world, call.room(), call.params["extApp"], changes, state=state, cause=cause, operator=call.uid
    )


@router.add(
    "DELETE", "/v2/rooms/{room}/extApps/{extApp}/properties", "delete_ext_app_properties", region="optional"
)
def delete_ext_app_properties(call: Call) -> None:
    names = call.fields.strings("properties", required=True)
    cause = call.fields.object("cause")
    app = call.params["extApp"]
    properties.delete_ext_app(call.world, call.room(), app, names, cause=cause, operator=call.uid)
