"""Turn widgets on and off, change their data, and run countdowns."""

from typing import Any

from classroom_admin.simulator.api.call import Call, RawJson
from classroom_admin.simulator.api.router import router
from classroom_admin.simulator.api.sequences import batch
from classroom_admin.simulator.errors import bad_parameter
from classroom_admin.simulator.world import widget_settings
from classroom_admin.simulator.world.events import PAGE

LONGEST_COUNTDOWN_S = 86_400


@router.add("PUT", "/v2/rooms/{room}/widgets/{widget}", "put_widget", region="optional")
def put_widget(call: Call) -> None:
    """Set ``state``, ``extra`` and ``ownerUserUuid`` of a widget. ``state`` is 0 (off) or 1 (on)."""
    fields = call.fields
    widget_settings.put(
        call.world,
        call.room(),
        call.params["widget"],
        state=fields.integer("state", low=0, high=1),
        extra=fields.object("extra"),
        owner=fields.text("ownerUserUuid"),
        cause=fields.object("cause"),
        operator=call.uid,
    )


@router.add("DELETE", "/v2/rooms/{room}/widgets/{widget}", "delete_widget", region="optional")
def delete_widget(call: Call) -> None:
    widget_settings.delete(call.world, call.room(), call.params["widget"], operator=call.uid)


@router.add("DELETE", "/v2/rooms/{room}/widgets/{widget}/extra", "delete_widget_extra", region="optional")
def delete_widget_extra(call: Call) -> None:
    """Delete the data of a widget that ``properties`` names."""
    names = call.fields.strings("properties", required=True)
    cause = call.fields.object("cause")
    widget = call.params["widget"]
    widget_settings.delete_extra(call.world, call.room(), widget, names, cause=cause, operator=call.uid)


@router.add("PUT", "/v2/rooms/{room}/widgets/{widget}/users/{user}", "put_widget_user", region="optional")
def put_widget_user(call: Call) -> None:
    """Set a user's data in a widget.

    The data is ``properties``. If this field is missing, it is all fields except ``cause``.
    """
    changes = call.fields.object("properties")
    if changes is None:
        changes = {name: value for name, value in call.body.items() if name != "cause"}
    room = call.room()
    user = call.user(room)
    widget_settings.put_user(call.world, room, call.params["widget"], user, changes, operator=call.uid)


@router.add(
    "DELETE", "/v2/rooms/{room}/widgets/{widget}/users/{user}", "delete_widget_user", region="optional"
)
def delete_widget_user(call: Call) -> None:
    """Delete a user's data in a widget. If ``properties`` has no names, delete all of it."""
    names = call.fields.strings("properties")
    room = call.room()
    user = call.user(room)
    widget_settings.delete_user(call.world, room, call.params["widget"], user, names, operator=call.uid)


@router.add("GET", "/v2/rooms/{room}/widgets/{widget}/sequences", "widget_events", region="optional")
def widget_events(call: Call) -> RawJson:
    """Return a page of the events of a widget."""
    count = call.query_integer("count", low=1, high=1000) or PAGE
    return batch(call, call.room(), widget_settings.log_name(call.params["widget"]), count=count)


@router.add("POST", "/v2/rooms/{room}/widgets/countdownTimer/start", "start_countdown", region="optional")
def start_countdown(call: Call) -> dict[str, Any]:
    """Start a countdown of ``duration`` seconds."""
    seconds = call.fields.integer("duration", low=1, high=LONGEST_COUNTDOWN_S, required=True) or 1
    countdown = widget_settings.start_countdown(call.world, call.room(), seconds=seconds, operator=call.uid)
    return {"countdownTimerId": countdown.uuid}


@router.add(
    "PUT",
    "/v2/rooms/{room}/widgets/countdownTimer/{countdown}/{change}",
    "change_countdown",
    region="optional",
)
def change_countdown(call: Call) -> None:
    """Pause, continue or stop a countdown."""
    change = call.params["change"]
    if change not in ("pause", "continue", "stop"):
        raise bad_parameter("change", "must be pause, continue or stop")
    uuid = call.params["countdown"]
    widget_settings.change_countdown(call.world, call.room(), uuid, change, operator=call.uid)
