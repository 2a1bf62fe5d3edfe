"""Parse the breakout rooms of a class from ``{"state": 1, "details": {id: {groupName, users}}}``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom_admin.common.names import visible_name
from classroom_admin.common.numbers import is_number


@dataclass(frozen=True, slots=True)
class Group:
    """A breakout room: its cloud id, its name, and the cloud user ids of its members."""

    uuid: str
    name: str
    members: tuple[str, ...] = field(default=())


def read(stored: Any) -> list[Group]:
    """Return the open breakout rooms, sorted by name. Entries that are not objects are skipped."""
    stored = stored if isinstance(stored, Mapping) else {}
    details = stored.get("details")
    if str(stored.get("state", 1)) == "0" or not isinstance(details, Mapping):
        return []
    found = [
        Group(str(uuid), visible_name(str(group.get("groupName") or "")), _members(group.get("users")))
        for uuid, group in details.items()
        if isinstance(group, Mapping)
    ]
    return sorted(found, key=lambda group: (_natural(group.name), group.uuid))


def _members(users: Any) -> tuple[str, ...]:
    found = [user.get("userUuid") if isinstance(user, Mapping) else user for user in users or ()]
    return tuple(dict.fromkeys(str(user) for user in found if user))


def _natural(name: str) -> tuple[Any, ...]:
    """Return a sort key that puts "Group 2" before "Group 10"."""
    words = name.casefold().split()
    return tuple((0, int(word), "") if is_number(word) else (1, 0, word) for word in words)
