"""Identify the people of a class in stored figures and corrections. All functions are pure.

A key is ``id:`` and a cloud user id, or ``name:`` and the exact key of a name. The key of a person on a class
list comes from the list, so it is the same in all classes with this list.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from classroom_admin.common import names
from classroom_admin.reports.attendance import Attendee

T = TypeVar("T")
LONGEST: Final = 300


def of_id(user_uuid: str) -> str:
    """Return the key of a person with a cloud user id."""
    return f"id:{user_uuid}"


def of_name(name: str) -> str:
    """Return the key of a person who is known only by name. A very long name is shortened to a digest."""
    key = f"name:{names.exact_key(name)}"
    # Upper-case letters of some languages become several letters. Leave room for a number.
    return key if len(key) <= LONGEST - 10 else f"name:{hashlib.sha256(key.encode()).hexdigest()}"


def keyed(rows: Iterable[Attendee]) -> list[tuple[str, Attendee]]:
    """Return each person with a key. If people have the same key, the later ones get a number."""
    found: list[tuple[str, Attendee]] = []
    count: Counter[str] = Counter()
    for row in rows:
        key = _key(row)
        count[key] += 1
        found.append((key if count[key] == 1 else f"{key}#{count[key]}", row))
    return found


def _key(row: Attendee) -> str:
    listed, people = row.match.listed, row.match.people
    if listed.user_uuid:
        return of_id(listed.user_uuid)
    return of_name(listed.name) if listed.name or not people else of_id(people[0].user_uuid)


def other_keys(key: str, *, user_uuids: Iterable[str], name: str) -> list[str]:
    """Return the keys that a person has if the class gets another class list."""
    keys = [of_id(one) for one in user_uuids if one]
    if name:
        keys.append(of_name(name))
    return [one for one in dict.fromkeys(keys) if one != key]


def other_keys_of(key: str, row: Attendee) -> list[str]:
    """Return the other keys of a person in an attendance."""
    return other_keys(key, user_uuids=(one.user_uuid for one in row.match.people), name=row.name)


def assigned(people: Mapping[str, Sequence[str]], values: Mapping[str, T]) -> dict[str, list[T]]:
    """Return the values of each person by their key. `people` has the other keys of each person.

    A value belongs to the person with its key. If no person has the key, it belongs to the person with this
    other key, unless several people have it.
    """
    owners: dict[str, list[str]] = {}
    for key, others in people.items():
        for other in others:
            owners.setdefault(other, []).append(key)
    found: dict[str, list[Any]] = {}
    for key, value in values.items():
        candidates = [key] if key in people else owners.get(key, [])
        if len(candidates) == 1:
            found.setdefault(candidates[0], []).append(value)
    return found
