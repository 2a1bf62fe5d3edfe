"""Compare people's names, and match the people on a class list with the people in a class.

Interface:

- ``exact_key(name)`` is equal for two names that look the same to a reader.
- ``loose_key(name)`` also ignores accents, punctuation, symbols and the order of the parts. Equal loose keys
  prove nothing: "Hùng" and "Hưng" have the same key. Use loose keys only through ``match``.
- ``match(listed, seen)`` matches people by id, then by exact key. It uses a loose key only if exactly one
  listed name and one name from the class with this key are left.
- ``has_visible_character(name)`` is False for a name that a page can't show, such as a zero-width space.
  Refuse such a name if a person enters it. If the cloud sends it, ``visible_name(name)`` returns "".

`docs/decisions/matching-names.md` gives the reasons.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import dropwhile
from typing import Final, Generic, Protocol, TypeVar

from classroom_admin.common.text_matching import BLANK, IGNORABLE, search_key

BY_ID: Final = "id"
BY_NAME: Final = "name"
BY_LOOSE_NAME: Final = "loose name"
_MARKS: Final = ("Mn", "Me")


class Named(Protocol):
    """A person with a name and a cloud user id. Both may be ""."""

    @property
    def name(self) -> str: ...
    @property
    def user_uuid(self) -> str: ...


L = TypeVar("L", bound=Named)
S = TypeVar("S", bound=Named)


@dataclass(slots=True)
class Found(Generic[L, S]):
    """A person on the class list, with the matching people who were seen in the class.

    Someone who joined with several ids has several matches. `by` says how the first match was found:
    ``BY_ID``, ``BY_NAME`` or ``BY_LOOSE_NAME``. It is "" if there is no match.
    """

    listed: L
    people: list[S] = field(default_factory=list)
    by: str = ""


@lru_cache(maxsize=16_384)
def exact_key(name: str) -> str:
    """Return a key that is equal for two names that look the same to a reader.

    The key ignores case, white space, composition (NFC, NFD), and invisible characters such as joiners,
    direction marks and variation selectors. It is "" if no character is left.
    """
    shown = unicodedata.normalize("NFD", IGNORABLE.sub("", name))
    return " ".join(BLANK.sub(" ", unicodedata.normalize("NFC", shown.casefold())).split())


@lru_cache(maxsize=16_384)
def loose_key(name: str) -> str:
    """Return a key like `exact_key` that also ignores accents, punctuation, symbols and the word order.

    "Zoë BRANDT", "brandt,  zoe" and "Zoe Brandt 🌸" have the same key. Symbols are kept if the name has
    nothing else.
    """
    key = search_key(exact_key(name))
    words = "".join(" " if unicodedata.category(letter)[0] in "PS" else letter for letter in key).split()
    words = sorted(filter(None, map(_without_leading_marks, words)))
    return " ".join(words) or key or exact_key(name)


def _without_leading_marks(word: str) -> str:
    """Return a word without the accents at its start, which have no letter to belong to."""
    return "".join(dropwhile(lambda letter: unicodedata.category(letter)[0] == "M", word))


def match(listed: Iterable[L], seen: Iterable[S]) -> tuple[list[Found[L, S]], list[S]]:
    """Match listed people with people seen in class. Also return the seen people without a match, in order.

    1. Match by id.
    2. Match by exact name. If only one listed person has the name, all seen people with this name match,
       because a person may come back as a guest. They do not match if the listed person already has a match
       by id with another name. If several listed people have the name, each of them without a match gets
       one seen person.
    3. Match by loose name, if exactly one listed name and one seen name with this key are left.
    """
    found = [Found[L, S](one) for one in listed]
    rest = _by_exact_name(found, _by_id(found, seen))
    return found, _by_loose_name(found, rest)


def has_visible_character(name: str) -> bool:
    """Return whether the name has a visible letter, digit or symbol. An accent alone does not count."""
    return any(
        not BLANK.match(each) and not IGNORABLE.match(each) and unicodedata.category(each) not in _MARKS
        for each in name
    )


def visible_name(name: str) -> str:
    """Return the name unchanged, or "" if it has no visible character."""
    return name if has_visible_character(name) else ""


def _by_id(found: Sequence[Found[L, S]], seen: Iterable[S]) -> list[S]:
    by_id = {one.listed.user_uuid: one for one in found if one.listed.user_uuid}
    rest: list[S] = []
    for person in seen:
        if one := by_id.get(person.user_uuid):
            one.people.append(person)
            one.by = BY_ID
        else:
            rest.append(person)
    return rest


def _by_exact_name(found: Sequence[Found[L, S]], seen: Sequence[S]) -> list[S]:
    named: dict[str, list[Found[L, S]]] = defaultdict(list)
    for one in found:
        named[exact_key(one.listed.name)].append(one)
    rest: list[S] = []
    for person in seen:
        key = exact_key(person.name)
        chosen = _chosen(named.get(key, []), key) if key else None
        if chosen is None:
            rest.append(person)
            continue
        chosen.people.append(person)
        chosen.by = chosen.by or BY_NAME
    return rest


def _chosen(same: Sequence[Found[L, S]], key: str) -> Found[L, S] | None:
    """Return which of the people in `same`, who have the same name, matches the next seen person."""
    if len(same) == 1 and all(exact_key(person.name) == key for person in same[0].people):
        return same[0]
    return next((one for one in same if not one.people), None)


def _by_loose_name(found: Sequence[Found[L, S]], seen: Sequence[S]) -> list[S]:
    named: dict[str, list[Found[L, S]]] = defaultdict(list)
    for one in found:
        if not one.people and (key := loose_key(one.listed.name)):
            named[key].append(one)
    candidates: dict[str, list[S]] = defaultdict(list)
    for person in seen:
        candidates[loose_key(person.name)].append(person)
    taken: set[int] = set()
    for key, same in named.items():
        people = candidates.get(key, [])
        if len(same) == 1 and len({exact_key(person.name) for person in people}) == 1:
            same[0].people, same[0].by = people, BY_LOOSE_NAME
            taken.update(id(person) for person in people)
    return [person for person in seen if id(person) not in taken]
