"""Find out with which name and cloud user id a person joins, from a class list or as a guest.

All functions are pure. A person on a class list has the id of the list. If the list has no id for them, it is
made of the list and the name, so it is the same in every class with this list. A guest's id is made of the
random id of their browser and their name, so two people who share a device have two ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.names import exact_key, loose_key
from classroom_admin.rooms.class_lists import Listed

HASH_LENGTH: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The cloud user id and the name with which a person joins."""

    user_id: str
    name: str


def guest(name: str, *, browser: str) -> Identity:
    """Return the identity of a guest. `browser` is the random id of the browser."""
    return Identity(user_id=f"guest-{_hash('guest', browser, exact_key(name))}", name=name)


def of_list(listed: Iterable[Listed], *, list_key: str) -> list[Identity]:
    """Return the identities of the people on a class list, in its order. No two of them have the same id."""
    found: dict[str, Identity] = {}
    for one in listed:
        for user_id in _candidates(one, list_key):
            if user_id not in found:
                found[user_id] = Identity(user_id=user_id, name=one.name)
                break
    return list(found.values())


def _candidates(one: Listed, list_key: str) -> Iterator[str]:
    """Yield ids for a person, the first one for the first person with this name."""
    if one.user_uuid and not problem_with_id(one.user_uuid):
        yield one.user_uuid
        return
    number = 1
    while True:
        yield f"listed-{_hash(list_key, exact_key(one.name), str(number))}"
        number += 1


def with_name(people: Iterable[Identity], name: str) -> Identity | None:
    """Return the person with this name, or None if there is no such person, or more than one.

    Spelling counts less if nobody has exactly this name: accents, punctuation and the order of words do not
    matter then.
    """
    people = list(people)
    for key in (exact_key, loose_key):
        same = [one for one in people if key(one.name) == key(name)]
        if same:
            return same[0] if len(same) == 1 else None
    return None


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:HASH_LENGTH]
