"""Properties of the room (cmd 4, 5): merged by path, objects into objects; anything else replaces what was
there.

`extApps` and `groups` have columns of their own, everything else (widgets, `record`, schedule) is in
`properties`. The property `record` doesn't touch the recording: cmd 1001 says that.
"""

from collections.abc import Mapping
from typing import Any

from classroom_admin.sync.decode.kinds import Change, Json, RoomProperties
from classroom_admin.sync.decode.values import flag
from classroom_admin.sync.fold.rows import Rows
from classroom_admin.sync.fold.times import EventTime

SPEAKERS = ("broadcaster", "audience", "student")


def fold_room_properties(data: RoomProperties, sequence: int, time: EventTime, rows: Rows) -> None:
    room = rows.room
    for change in data.changes:
        column = {"extApps": room.ext_apps, "groups": room.groups}.get(change.path[0])
        if column is None:
            apply(room.properties, change)
        elif len(change.path) > 1:
            apply(column, Change(change.path[1:], change.value, change.deleted))
        elif isinstance(change.value, dict) and not change.deleted:
            merge(column, change.value)
        else:
            column.clear()
    if any(mutes_chat(change) for change in data.changes):
        room.chat_muted = chat_muted(room.properties)


def apply(properties: dict[str, Any], change: Change) -> None:
    """Set or delete one property in place; an object is merged into the object that was there."""
    node = properties
    for part in change.path[:-1]:
        inner = node.get(part)
        if not isinstance(inner, dict):
            if change.deleted:
                return
            inner = node[part] = {}
        node = inner
    last = change.path[-1]
    if change.deleted:
        node.pop(last, None)
        return
    merge(node, {last: change.value})


def merge(node: dict[str, Any], values: Mapping[str, Json]) -> None:
    """Merge objects into objects, copying what is taken over (the event must not share it)."""
    for key, value in values.items():
        old = node.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            merge(old, value)
        else:
            node[key] = copied(value)


def copied(value: Json) -> Json:
    """A copy that shares nothing with the event."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def mutes_chat(change: Change) -> bool:
    """Whether a change may be about who may chat."""
    return change.path[0] in ("mute", "muteChat")


def chat_muted(properties: Mapping[str, Any]) -> bool:
    """Whether `muteChat`, or the same under `mute`, says so; it may be one flag or one for each role."""
    mute = properties.get("mute")
    value = properties.get("muteChat", mute.get("muteChat") if isinstance(mute, dict) else None)
    if isinstance(value, dict):
        return any(flag(value.get(role)) for role in SPEAKERS)
    return bool(flag(value))
