"""Properties of the room (cmd 4, 5) and what properties of persons share with them.

A change replaces what was at its path. Only the containers of many things are opened, since their changes
tell a part: an extApp's or widget's properties are set one by one, and so are the fields of a widget's
`extra` and of
`groups` (where `details` is always told whole).

`extApps` and `groups` have columns of their own, everything else (widgets, `record`, schedule) is in
`properties`. The property `record` doesn't touch the recording: cmd 1001 says that.
"""

from collections.abc import Mapping
from typing import Any

from classroom_admin.sync.decode.kinds import Change, Json, RoomProperties
from classroom_admin.sync.decode.values import flag
from classroom_admin.sync.fold.rows import Rows
from classroom_admin.sync.fold.times import EventTime

OPEN_LEVELS = {"extApps": 2, "widgets": 3, "groups": 1}
SPEAKERS = ("broadcaster", "audience", "student")


def fold_room_properties(data: RoomProperties, sequence: int, time: EventTime, rows: Rows) -> None:
    room = rows.room
    for change in data.changes:
        root, levels = change.path[0], OPEN_LEVELS.get(change.path[0], 0)
        column = {"extApps": room.ext_apps, "groups": room.groups}.get(root)
        if column is None:
            apply(room.properties, change, levels)
        elif len(change.path) > 1:
            apply(column, Change(change.path[1:], change.value, change.deleted), levels - 1)
        elif isinstance(change.value, dict) and not change.deleted:
            for key, value in change.value.items():
                apply(column, Change((key,), value), levels - 1)
        else:
            column.clear()
    if any(change.path[0] == "groups" for change in data.changes):
        room.groups_sequence = sequence
    if any(mutes_chat(change) for change in data.changes):
        room.chat_muted = chat_muted(room.properties)


def apply(properties: dict[str, Any], change: Change, levels: int = 0) -> None:
    """Set or delete one property in place; `levels` of objects below the first name are opened, not
    replaced.
    """
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
    else:
        _put(node, last, change.value, levels - len(change.path) + 1)


def _put(node: dict[str, Any], key: str, value: Json, levels: int) -> None:
    old = node.get(key)
    if levels > 0 and isinstance(value, dict) and isinstance(old, dict):
        for name, item in value.items():
            _put(old, name, item, levels - 1)
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
