"""Find each call of the client by its class, and build one from a single parameter."""

from __future__ import annotations

from typing import Any

from classroom_admin.agora import (
    calls,
    classroom_calls,
    event_calls,
    media_calls,
    recording_and_file_calls,
    widget_calls,
)
from classroom_admin.agora.call import CloudCall

ALL_CALLS: list[type[CloudCall[Any]]] = [
    each
    for module in (
        calls,
        classroom_calls,
        event_calls,
        media_calls,
        recording_and_file_calls,
        widget_calls,
    )
    for each in vars(module).values()
    if isinstance(each, type) and issubclass(each, CloudCall) and "template" in vars(each)
]
ALL_CALLS += [recording_and_file_calls.ConvertResource, calls.UnbanUser, classroom_calls.TakeOffStage]


# One parameter each: return what is sent of it, or raise `InvalidArgument`.


def room_id(value: Any) -> Any:
    return calls.ReadRoom(room_uuid=value).room_uuid


def user_id(value: Any) -> Any:
    return calls.ReadUser(room_uuid="r", user_uuid=value).user_uuid


def kick(ban_s: Any) -> Any:
    return calls.KickUser(room_uuid="r", user_uuid="u", ban_s=ban_s).body()


def room_name(value: Any) -> Any:
    return calls.CreateRoom(room_uuid="r", room_type=4, room_name=value).body()["roomName"]


def schedule(value: Any) -> Any:
    call = calls.CreateRoom(room_uuid="r", room_type=4, room_name="x", schedule=value)
    return call.body()["roomProperties"]["schedule"]


def role_config(value: Any) -> Any:
    return calls.CreateRoom(room_uuid="r", room_type=4, room_name="x", role_config=value).body()["roleConfig"]


def groups(value: Any) -> Any:
    return calls.OpenGroups(room_uuid="r", groups=value).body()["groups"]


def properties(value: Any) -> Any:
    return calls.PutRoomProperties(room_uuid="r", properties=value).body()["properties"]


def property_names(value: Any) -> Any:
    return calls.DeleteRoomProperties(room_uuid="r", names=value).body()["properties"]


def _held(value: Any) -> Any:
    return {"onhold": True, **value} if isinstance(value, dict) and value else value


def web_settings(value: Any) -> Any:
    call = recording_and_file_calls.UpdateRecording(room_uuid="r", web_config=_held(value))
    return {name: sent for name, sent in call.body()["webRecordConfig"].items() if name in value}


def start_web(value: Any) -> Any:
    call = recording_and_file_calls.StartRecording(room_uuid="r", mode="web", web_config=value)
    return call.body()["webRecordConfig"]


def resource(value: dict[str, Any]) -> Any:
    """Return the body of `PutResource` for a resource in the form in which it is sent."""
    file: dict[str, Any] = {
        "room_uuid": "r",
        "resource_uuid": "f",
        "resource_name": value.get("resourceName", "Plan"),
        **{name: value[name] for name in ("size", "ext", "url")},
    }
    if "conversion" not in value:
        return recording_and_file_calls.PutResource(**file).body()
    return recording_and_file_calls.ConvertResource(**file, conversion=value["conversion"]).body()


def conversion(value: Any, *, ext: str) -> Any:
    return resource({"size": 1, "ext": ext, "url": "https://x.test/p", "conversion": value})["conversion"]


def resource_name(value: Any) -> Any:
    file = {"resourceName": value, "size": 1, "ext": "pdf", "url": "https://x.test/p"}
    return resource(file)["resourceName"]


def url(value: Any) -> Any:
    return resource({"size": 1, "ext": "pdf", "url": value})["url"]


def resource_ids(value: Any) -> Any:
    call = recording_and_file_calls.DeleteResources(room_uuid="r", resource_uuids=value)
    return call.body()["resourceUuids"]


def next_id(value: Any) -> Any:
    return event_calls.RoomEvents(room_uuid="r", next_id=value).query()["nextId"]


def count(value: Any) -> Any:
    return event_calls.QuizEvents(room_uuid="r", count=value).query()["count"]


def event_kind(value: Any) -> Any:
    return event_calls.RoomEvents(room_uuid="r", cmd=value).query()["cmd"]
