"""Read, apply and compare changes of properties.

A change usually replaces the value at its path. Some properties contain many objects, of which a change
contains only a few. Their changes are merged into the stored value (`PropertyTopic.open_levels`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from classroom_admin.events.rows import RoomRow
from classroom_admin.events.values import (
    Json,
    Path,
    Raw,
    Undecodable,
    mapping,
    plain,
    split_path,
    text,
    whole,
)

if TYPE_CHECKING:
    from django.utils.functional import Promise

DELETE = 1
BATCH_LISTS = ("changes", "batch", "list", "items", "users", "properties")
CONTAINERS = ("extApps", "groups")
CONTAINER_DEPTH = 3


@dataclass(slots=True)
class Change:
    """A change that sets one property to `value`, or deletes it."""

    path: Path
    value: Json = None
    deleted: bool = False


def _no_sentence(name: str, value: Json) -> str:
    return ""


def _nothing_follows(room: RoomRow, sequence: int) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyTopic:
    """The meaning of the room's properties below the name `root`.

    - `column`: the column of the room's row that stores these properties
    - `open_levels`: how many levels of objects below `root` are merged instead of replaced
    - `label`: the name of the properties in texts for people
    - `members`: the names of the keys below `root` in texts for people; its keys are in lower case
    - `sentence`: returns a sentence for a change, or ""; its arguments are the key below `root` (only with
      `members`) and the new value
    - `follow`: makes further changes to the room's row after a change was applied
    """

    root: str
    column: str = "properties"
    open_levels: int = 0
    label: str | Promise = ""
    members: Mapping[str, str | Promise] | None = None
    sentence: Callable[[str, Json], str] = _no_sentence
    follow: Callable[[RoomRow, int], None] = _nothing_follows


def read_batch(data: Raw) -> list[Raw]:
    """Return each item of the list in an event's data. Items inherit missing fields from the data."""
    if data.get("changeProperties") is not None:
        return [data]
    for key in BATCH_LISTS:
        entries = data.get(key)
        if isinstance(entries, list) and entries and all(isinstance(entry, Mapping) for entry in entries):
            around = {name: value for name, value in data.items() if name != key}
            return [{**around, **entry} for entry in entries]
    return [data]


def read_changes(data: Raw, odd: list[str]) -> list[Change]:
    """Decode `changeProperties`. Raise Undecodable if it is missing. Add unreadable names to `odd`."""
    raw = data.get("changeProperties")
    delete = whole(data.get("action")) == DELETE
    if isinstance(raw, str):
        raw = mapping(raw)
    if isinstance(raw, list):  # a list of names without values, as in the API calls that delete properties
        raw = {key: None for key in raw if isinstance(key, str)} if delete else None
    if not isinstance(raw, Mapping):
        raise Undecodable("a property change without changeProperties")
    changes = []
    for key, value in raw.items():
        try:
            path = split_path(str(text(key)))
        except Undecodable as problem:
            odd.append(problem.reason)
            continue
        changes += _removed(path, value) if delete else [Change(path, plain(value))]
    return changes


def _removed(path: Path, value: object) -> list[Change]:
    """Return the changes for a property in an event with action 1 (delete).

    The documentation of widgets uses action 1 for updates, so a property below `widgets` is set if it has a
    value. Any other property is deleted with everything below it. In the containers `extApps` and `groups`,
    delete only the innermost names. For example, `{"extApps": {"countdown": {"state": 1}}}` deletes only
    `state`.
    """
    if path[0] == "widgets" and value not in (None, "", {}, []):
        return [Change(path, plain(value))]
    if path[0] in CONTAINERS and len(path) < CONTAINER_DEPTH and isinstance(value, Mapping) and value:
        found: list[Change] = []
        for key, inner in value.items():
            found += _removed((*path, str(text(key))), inner)
        return found
    return [Change(path, deleted=True)]


def apply_change(properties: dict[str, Any], change: Change, levels: int = 0) -> None:
    """Set or delete a property. Merge objects down to `levels` levels below the top; replace deeper ones."""
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
    """Return a deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def names_changed(changes: Iterable[Change], names: Iterable[str], *, under: Path = ()) -> bool:
    """Return whether all `names` directly below `under` changed. Use only the first part of a dotted name."""
    changed: set[str] = set()
    for change in changes:
        changed |= _names(change, under)
    return {str(name).split(".")[0] for name in names} <= changed


def _names(change: Change, under: Path) -> set[str]:
    """Return the names directly below `under` that a change sets or deletes."""
    shared = min(len(change.path), len(under))
    if change.path[:shared] != under[:shared]:
        return set()
    if len(change.path) > len(under):
        return {change.path[len(under)]}
    value = below(change.value, *under[shared:])
    return set(value) if isinstance(value, Mapping) else set()


def below(value: Json, *names: str) -> Json:
    """Return the value at the path `names` in nested objects, or None if the path does not exist."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
