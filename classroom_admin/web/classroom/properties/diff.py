"""Compare two JSON objects, and determine the properties to send for the differences."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

ADDED: Final = "added"
CHANGED: Final = "changed"
REMOVED: Final = "removed"
_PLAIN: Final = re.compile(r"[^\W\d][\w-]*\Z")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference at a path. `before` is None if a value was added, and `after` if it was removed."""

    path: Path
    kind: str
    before: Any = None
    after: Any = None

    @property
    def place(self) -> str:
        """The path in readable form, such as `seats.front[2]`."""
        return place(self.path)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return all differences. The keys of each object keep the order of `before`. Added keys are last."""
    return list(_objects(before, after, ()))


def to_set(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties to set.

    Their values are complete, because the cloud replaces whole properties.
    """
    return {
        name: value for name, value in after.items() if name not in before or not same(before[name], value)
    }


def to_delete(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of the properties to delete."""
    return [name for name in before if name not in after]


def changed_by_others(base: Mapping[str, Any], now: Mapping[str, Any], touched: set[str]) -> list[str]:
    """Return the names of those `touched` properties that differ between `base` and `now`."""
    changed = {*to_set(base, now), *to_delete(base, now)}
    return sorted(touched & changed)


def rebased(base: Mapping[str, Any], now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return `now` after the changes from `base` to `wanted`."""
    deleted = set(to_delete(base, wanted))
    return {name: value for name, value in now.items() if name not in deleted} | to_set(base, wanted)


def same(first: Any, second: Any) -> bool:
    """Return whether two JSON values are equal.

    `true` is not equal to 1. The order of keys does not matter.
    """
    return _canonical(first) == _canonical(second)


def place(path: Path) -> str:
    """Return a path in readable form. Keys that are not plain words are in quotes."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        elif _PLAIN.match(part):
            words += f".{part}" if words else part
        else:
            words += f"[{json.dumps(part, ensure_ascii=False)}]"
    return words


def _objects(before: Mapping[str, Any], after: Mapping[str, Any], path: Path) -> Iterator[Difference]:
    for name, value in before.items():
        if name not in after:
            yield Difference(path=(*path, name), kind=REMOVED, before=value)
        else:
            yield from _values(value, after[name], (*path, name))
    for name, value in after.items():
        if name not in before:
            yield Difference(path=(*path, name), kind=ADDED, after=value)


def _values(before: Any, after: Any, path: Path) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            if index >= len(after):
                yield Difference(path=(*path, index), kind=REMOVED, before=before[index])
            elif index >= len(before):
                yield Difference(path=(*path, index), kind=ADDED, after=after[index])
            else:
                yield from _values(before[index], after[index], (*path, index))
    elif not same(before, after):
        yield Difference(path=path, kind=CHANGED, before=before, after=after)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
