"""What differs between two JSON objects, and which properties must be sent for it. Pure."""

from __future__ import annotations

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
    """One place that differs. ``before`` and ``after`` are JSON values; one is None where there is none."""

    path: Path
    kind: str
    before: Any = None
    after: Any = None

    @property
    def place(self) -> str:
        """The path as people read it: ``seats.front[2]``."""
        return place(self.path)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """All places that differ, in the order of ``before``, then what is new in the order of ``after``."""
    return list(_objects(before, after, ()))


def to_set(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The properties to send, each whole: the cloud replaces a property by what it is sent."""
    return {
        name: value for name, value in after.items() if name not in before or not same(before[name], value)
    }


def to_delete(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the properties to delete."""
    return [name for name in before if name not in after]


def moved_on(base: Mapping[str, Any], now: Mapping[str, Any], touched: set[str]) -> list[str]:
    """Which of the properties that one is about to change were changed by others since ``base``."""
    nothing = object()

    def differs(name: str) -> bool:
        old, new = base.get(name, nothing), now.get(name, nothing)
        return (old is nothing) != (new is nothing) or (old is not nothing and not same(old, new))

    return sorted(name for name in touched if differs(name))


def rebased(base: Mapping[str, Any], now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """How the properties are now, with what one changed since ``base`` put on top."""
    gone = set(to_delete(base, wanted))
    return {name: value for name, value in now.items() if name not in gone} | to_set(base, wanted)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: true is not 1, and the order of names says nothing."""
    return _canonical(one) == _canonical(other)


def place(path: Path) -> str:
    """A path as people read it; a name that is no plain word stands in quotes."""
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
