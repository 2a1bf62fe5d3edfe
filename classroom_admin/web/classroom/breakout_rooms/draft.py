"""A draft of the breakout rooms, stored in the form's fields. Pure.

People are identified by our primary keys as text. Groups are identified by cloud ids, even before they open.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

from django.http import QueryDict
from django.utils.translation import gettext as _

from classroom_admin.common.names import exact_key

MOST_GROUPS: Final = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft. `names`: the ordered groups' names by id. `places`: the group id of each assigned person."""

    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def members(self, group: str) -> list[str]:
        return [person for person, place in self.places.items() if place == group]


def read(data: QueryDict, people: Collection[str]) -> Draft:
    """Return the draft from a submitted form. Ignore invalid groups and people."""
    groups = list(dict.fromkeys(str(group) for group in data.getlist("group") if group))[:MOST_GROUPS]
    places = {person: str(data.get(f"in-{person}", "")) for person in people}
    return Draft(
        {group: str(data.get(f"name-{group}", "")).strip() for group in groups},
        {person: place for person, place in places.items() if place in groups},
    )


def move(draft: Draft, people: Collection[str], to: str) -> Draft:
    """Move people to a group. If `to` is not a group of the draft, remove them from their groups."""
    others = {person: place for person, place in draft.places.items() if person not in people}
    if to not in draft.names:
        return replace(draft, places=others)
    return replace(draft, places=others | dict.fromkeys(people, to))


def add(draft: Draft, *, group: str | None = None) -> Draft:
    """Add a group and name it with the next free number."""
    if len(draft.names) >= MOST_GROUPS:
        return draft
    return replace(draft, names={**draft.names, group or uuid4().hex: _free_name(draft.names)})


def remove(draft: Draft, group: str) -> Draft:
    """Remove a group. Its members are then in no group."""
    names = {uuid: name for uuid, name in draft.names.items() if uuid != group}
    return Draft(names, {person: place for person, place in draft.places.items() if place != group})


def distribute(draft: Draft, people: Sequence[str], count: int, *, rng: random.Random) -> Draft:
    """Distribute people evenly and randomly to `count` groups. Add or remove groups as needed."""
    count = max(1, min(count, MOST_GROUPS))
    found = Draft(dict(list(draft.names.items())[:count]))
    while len(found.names) < count:
        found = add(found)
    order = list(people)
    rng.shuffle(order)
    groups = list(found.names)
    return replace(found, places={person: groups[index % count] for index, person in enumerate(order)})


def name_errors(draft: Draft, check: Callable[[str], str]) -> dict[str, str]:
    """Return the errors of the names by group id. `check` returns an error for an invalid name, else ""."""
    errors = {group: words for group, name in draft.names.items() if (words := check(name))}
    seen: set[str] = set()
    for group, name in draft.names.items():
        if exact_key(name) in seen and group not in errors:
            errors[group] = _("Another room already has this name. Choose a different name.")
        seen.add(exact_key(name))
    return errors


def _free_name(names: Mapping[str, str]) -> str:
    taken = set(names.values())
    number = len(names) + 1
    while (name := _("Group %(number)d") % {"number": number}) in taken:
        number += 1
    return name
