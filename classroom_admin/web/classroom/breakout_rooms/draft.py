"""Breakout rooms while somebody makes them: a draft that lives in the form. Pure.

People are known by our own keys (as text), groups by the ids under which the cloud knows them or will.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from uuid import uuid4

from django.utils.translation import gettext as _

MOST_GROUPS: Final = 50


class Sent(Protocol):
    """What a form sends: one value of a name, or all of them."""

    def get(self, name: str, default: str = ...) -> Any: ...

    def getlist(self, name: str) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """``names`` of the groups by their ids, in order; ``places``: who is in which; others are in none."""

    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def members(self, group: str) -> list[str]:
        return [person for person, place in self.places.items() if place == group]


def read(sent: Sent, people: Collection[str]) -> Draft:
    """The draft that a form holds, as far as it makes sense."""
    groups = list(dict.fromkeys(str(group) for group in sent.getlist("group") if group))[:MOST_GROUPS]
    places = {person: str(sent.get(f"in-{person}", "")) for person in people}
    return Draft(
        {group: str(sent.get(f"name-{group}", "")).strip() for group in groups},
        {person: place for person, place in places.items() if place in groups},
    )


def move(draft: Draft, people: Collection[str], to: str) -> Draft:
    """Put people into a group; "" takes them out of all."""
    stay = {person: place for person, place in draft.places.items() if person not in people}
    if to not in draft.names:
        return replace(draft, places=stay)
    return replace(draft, places=stay | dict.fromkeys(people, to))


def add(draft: Draft, *, group: str | None = None) -> Draft:
    """One more group, named by the next number that is free."""
    if len(draft.names) >= MOST_GROUPS:
        return draft
    return replace(draft, names={**draft.names, group or uuid4().hex: _free_name(draft.names)})


def remove(draft: Draft, group: str) -> Draft:
    """Take a group away; who was in it is in none."""
    names = {uuid: name for uuid, name in draft.names.items() if uuid != group}
    return Draft(names, {person: place for person, place in draft.places.items() if place != group})


def deal(draft: Draft, people: Sequence[str], count: int, *, chance: random.Random) -> Draft:
    """Deal these people out evenly into ``count`` groups: those that are there, more, or fewer of them."""
    count = max(1, min(count, MOST_GROUPS))
    dealt = Draft(dict(list(draft.names.items())[:count]))
    while len(dealt.names) < count:
        dealt = add(dealt)
    order = list(people)
    chance.shuffle(order)
    groups = list(dealt.names)
    return replace(dealt, places={person: groups[index % count] for index, person in enumerate(order)})


def wrong_names(draft: Draft, check: Any) -> dict[str, str]:
    """What is wrong with the names, by group. ``check`` gives a sentence for a bad name, else ""."""
    wrong = {group: words for group, name in draft.names.items() if (words := check(name))}
    seen: Mapping[str, str] = {}
    for group, name in draft.names.items():
        if name.casefold() in seen and group not in wrong:
            wrong[group] = _("Another room already has this name. Choose a different name.")
        seen = {**seen, name.casefold(): group}
    return wrong


def _free_name(names: Mapping[str, str]) -> str:
    taken = set(names.values())
    number = len(names) + 1
    while (name := _("Group %(number)d") % {"number": number}) in taken:
        number += 1
    return name
