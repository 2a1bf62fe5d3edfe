"""Read, apply and compare changes of properties.

A change usually replaces the value at its path. Some properties contain many objects, but a change contains
only a few of them. Such a change is merged into the stored value (`PropertyTopic.open_levels`).

The cloud's documents and client disagree about `action`, so its meaning depends on the event. The value
"deleted" always deletes its property, at any depth. Otherwise, 2 deletes in every event, and 1 deletes in the
events `SINGLE`, except below `widgets`. Every other action sets the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from classroom_admin.events.event import EventKind
from classroom_admin.events.rows import Needs, RoomRow, Rows
from classroom_admin.events.sentences import Names
from classroom_admin.events.times import EventTime
from classroom_admin.events.values import (
    Json,
    Path,
    Raw,
    Undecodable,
    flag,
    mapping,
    plain,
    split_path,
    text,
    whole,
)

if TYPE_CHECKING:
    from django.utils.functional import Promise

SET_OR_DELETE, DELETE = 1, 2
"""The actions that delete. 1 deletes only in `SINGLE` events."""
SINGLE: Final = (EventKind.ROOM_PROPERTIES.cmd, EventKind.USER_PROPERTIES.cmd)
DELETED: Final = "deleted"
"""The value that deletes a property, as the vendor's client reads it."""
BATCH_LISTS = ("changes", "batch", "list", "items", "users", "properties")
CONTAINERS: Final = {"extApps": 3, "groups": 3, "widgets": 4}
"""Properties in which a deletion removes only the innermost keys, and the depth of these keys."""
ANY: Final = "*"
"""The part of a path that stands for any key (`touches`, `values_at`)."""


@dataclass(slots=True)
class Change:
    """A change that sets one property to `value`, or deletes it."""

    path: Path
    value: Json = None
    deleted: bool = False


@dataclass(slots=True)
class Applied:
    """The applied changes of one topic in an event. `before` is the topic's value before them."""

    changes: list[Change]
    before: Json
    rows: Rows
    sequence: int
    time: EventTime

    @property
    def room(self) -> RoomRow:
        return self.rows.room


def _no_sentence(name: str, value: Json, names: Names) -> str:
    return ""


def _nothing_follows(applied: Applied) -> bool | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyTopic:
    """The meaning of the room's properties below the name `root`.

    - `column`: the column of the room's row that stores these properties
    - `open_levels`: how many levels of objects below `root` are merged instead of replaced
    - `label`: the name of the properties in texts for people
    - `members`: the names of the keys below `root` in texts for people; its keys are in lower case
    - `sentence`: returns a sentence for a change, or ""; its arguments are the key below `root` (only with
      `members`), the new value and the names of people
    - `icon`: the icon of this sentence
    - `follow`: makes further changes after an event's changes were applied; returns whether they
      contained something new, or None if this depends only on the stored properties
    - `needs`: returns which stored rows `follow` reads or changes, from the changes and the event's sequence
    """

    root: str
    column: str = "properties"
    open_levels: int = 0
    label: str | Promise = ""
    members: Mapping[str, str | Promise] | None = None
    sentence: Callable[[str, Json, Names], str] = _no_sentence
    icon: str = "settings"
    follow: Callable[[Applied], bool | None] = _nothing_follows
    needs: Callable[[list[Change], int, Needs], None] | None = None


def batch_fields(raw: Raw, data: Raw) -> Raw:
    """Return the event's data with its `cmd` and its `list`, which may be outside the data."""
    fields = {**data, "cmd": raw.get("cmd")}
    entries = raw.get("list")
    if isinstance(entries, list):
        inside = data.get("list")
        fields["list"] = [*(inside if isinstance(inside, list) else ()), *entries]
    return fields


def read_batch(data: Raw) -> list[Raw]:
    """Return the data and each item of its list. Items inherit missing fields from the data."""
    own = [data] if data.get("changeProperties") is not None else []
    for key in BATCH_LISTS[2:3] if own else BATCH_LISTS:
        entries = data.get(key)
        if isinstance(entries, list) and entries and all(isinstance(entry, Mapping) for entry in entries):
            around = {name: value for name, value in data.items() if name not in (key, "changeProperties")}
            return own + [{**around, **entry} for entry in entries]
    return [data]


def read_changes(data: Raw, odd: list[str], *, under: Path = ()) -> list[Change]:
    """Decode `changeProperties`. Raise Undecodable if it is missing. Add unreadable names to `odd`.

    Paths are relative to `under`, unless they begin with its first part.
    """
    raw = data.get("changeProperties")
    action = whole(data.get("action"))
    deletes = action == DELETE or (action == SET_OR_DELETE and whole(data.get("cmd")) in SINGLE)
    if isinstance(raw, str):
        raw = mapping(raw)
    if isinstance(raw, list):  # a list of names without values, as in the API calls that delete properties
        raw = {key: DELETED for key in raw if isinstance(key, str)} if action in (1, 2) else None
    if not isinstance(raw, Mapping):
        raise Undecodable("a property change without changeProperties")
    changes: list[Change] = []
    for key, value in raw.items():
        try:
            path = split_path(str(text(key)))
        except Undecodable as problem:
            odd.append(problem.reason)
            continue
        if under and path[0] != under[0]:
            path = (*under, *path)
        if deletes and not (action == SET_OR_DELETE and path[0] == "widgets" and _has_value(value)):
            changes += _removed(path, value)
        else:
            changes += _set(path, value)
    return changes


def _has_value(value: object) -> bool:
    return value not in (None, "", {}, [], DELETED)


def _set(path: Path, value: object) -> list[Change]:
    """Return the changes that set a property. Each "deleted" inside the value becomes a deletion."""
    gone: list[Change] = []
    kept = _without_deleted(path, plain(value), gone)
    if gone and kept in (DELETED, {}):
        return gone
    return [Change(path, kept), *gone]


def _without_deleted(path: Path, value: Json, gone: list[Change]) -> Json:
    if value == DELETED:
        gone.append(Change(path, deleted=True))
        return value
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, inner in value.items():
        count = len(gone)
        left = _without_deleted((*path, *_inner_path(key)), inner, gone)
        if len(gone) == count or left not in (DELETED, {}):
            kept[key] = left
    return kept


def _inner_path(key: str) -> Path:
    parts = tuple(key.split("."))
    return parts if all(parts) else (key,)


def _removed(path: Path, value: object) -> list[Change]:
    """Return the changes that delete a property and everything below it.

    In `CONTAINERS`, only the innermost keys are deleted. For example, `{"extApps": {"countdown": {"state":
    1}}}` deletes only `state`.
    """
    if len(path) < CONTAINERS.get(path[0], 0) and isinstance(value, Mapping) and value:
        found: list[Change] = []
        for key, inner in value.items():
            found += _removed((*path, str(text(key))), inner)
        return found
    return [Change(path, deleted=True)]


def touches(change: Change, *path: str) -> bool:
    """Return whether a change sets or deletes the property at `path`, or anything below it."""
    if change.deleted and _fits(change.path, path):
        return True
    return bool(values_at(change, *path))


def values_at(change: Change, *path: str) -> list[Json]:
    """Return the values that a change sets for the property at `path`, or for properties below it."""
    if change.deleted or not _fits(change.path, path):
        return []
    found = [change.value]
    for part in path[len(change.path) :]:
        found = [
            item
            for value in found
            if isinstance(value, dict)
            for name, item in value.items()
            if part in (ANY, name)
        ]
    return found


def _fits(path: Path, wanted: Path) -> bool:
    return all(want in (ANY, part) for part, want in zip(path, wanted, strict=False))


def apply_change(properties: dict[str, Any], change: Change, levels: int = 0) -> bool:
    """Set or delete a property in `properties`. Return whether this changed them.

    Objects at the first `levels` levels are merged, and deeper objects are replaced. A path's first name is
    at level 1.
    """
    node = properties
    for part in change.path[:-1]:
        inner = node.get(part)
        if not isinstance(inner, dict):
            if change.deleted:
                return False
            inner = node[part] = {}
        node = inner
    last = change.path[-1]
    if change.deleted:
        return node.pop(last, ANY) is not ANY
    return _put(node, last, change.value, levels - len(change.path) + 1)


def _put(node: dict[str, Any], key: str, value: Json, levels: int) -> bool:
    old = node.get(key)
    if levels > 0 and isinstance(value, dict) and isinstance(old, dict):
        changed = [_put(old, name, item, levels - 1) for name, item in value.items()]
        return any(changed)
    if key in node and old == value and type(old) is type(value):
        return False
    node[key] = copied(value)
    return True


def copied(value: Json) -> Json:
    """Return a deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def names_changed(changes: Iterable[Change], names: Iterable[str], *, under: Path = ()) -> bool:
    """Return whether all properties `names` below `under` changed.

    Only the first part of a dotted name counts.
    """
    changed: set[str] = set()
    for change in changes:
        changed |= _names(change, under)
    return {str(name).split(".")[0] for name in names} <= changed


def tells(changes: Iterable[Change], path: Path, wanted: Mapping[str, Json]) -> bool:
    """Return whether a change concerns the property at `path` and fits `wanted`, which may be empty.

    `wanted` is {"value": the new value}. For a list of people, it is {"has": id} or {"lacks": id}. Values are
    compared as text, because the cloud may send numbers as text. A bool also fits values with the same
    meaning (1, "true"). A deleted property counts as 0, False or [].
    """
    return any(_tells(change, path, wanted) for change in changes)


def _tells(change: Change, path: Path, wanted: Mapping[str, Json]) -> bool:
    shared = min(len(change.path), len(path))
    if change.path[:shared] != path[:shared]:
        return False
    if len(change.path) > len(path):
        return not wanted
    value: Json = None if change.deleted else change.value
    for name in () if change.deleted else path[shared:]:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    if "has" in wanted:
        return wanted["has"] in _people(value)
    if "lacks" in wanted:
        return wanted["lacks"] not in _people(value)
    if isinstance(wanted.get("value"), bool):
        return (flag(value) is True) is wanted["value"]
    return "value" not in wanted or str(0 if value is None else value) == str(wanted["value"])


def _people(value: Json) -> set[Json]:
    """Return the user ids in a list. Its items may be ids or objects with `userUuid`."""
    if isinstance(value, Mapping):
        return set(value)
    listed = value if isinstance(value, list) else []
    named = {one.get("userUuid") for one in listed if isinstance(one, Mapping)}
    return named | {one for one in listed if isinstance(one, str)}


def _names(change: Change, under: Path) -> set[str]:
    """Return the keys directly below `under` that a change sets or deletes."""
    shared = min(len(change.path), len(under))
    if change.path[:shared] != under[:shared]:
        return set()
    if len(change.path) > len(under):
        return {change.path[len(under)]}
    value = below(change.value, *under[shared:])
    return set(value) if isinstance(value, Mapping) else set()


def below(value: Json, *names: str) -> Json:
    """Return the value at the path `names` in nested objects, or None if there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
