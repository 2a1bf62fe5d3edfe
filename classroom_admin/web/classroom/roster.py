"""The order of a roster, and its parts: a long one comes as one scrolls. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

FIRST_PEOPLE: Final = 48
PART: Final = 150
HERE: Final = "here"
GONE: Final = "gone"


def order(person: Any) -> str:
    """The place of a person as text that sorts: teachers, raised hands by waiting time, then names.

    Those who left: the latest first. Nobody shares a place with another.
    """
    rank = {"teacher": "0", "assistant": "1"}.get(person.role, "2")
    if not person.online:
        left = int(person.left_at.timestamp()) if person.left_at else 0
        return f"{10**11 - left:012d}{person.pk or 0:x}"
    raised = person.hand_raised_at
    hand = f"0{int(raised.timestamp()) if raised else 0:012d}" if person.hand_raised else "1"
    return f"{rank}{hand}{person.name.casefold()[:24]} {person.pk or 0:x}"


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a roster in order. `left`: how many come after them; `last`: the place of the last row."""

    who: str
    rows: list[Any]
    left: int
    last: str


def part(people: Iterable[Any], who: str, *, after: str = "", most: int | None = FIRST_PEOPLE) -> Part:
    """At most `most` (None: all) of those who are there or left, behind the place `after`.

    By place and not by number: whoever comes or goes meanwhile, nobody is left out.
    """
    placed = sorted(((order(one), one) for one in people if one.online == (who == HERE)), key=_place)
    behind = [(place, one) for place, one in placed if place > after]
    taken = behind if most is None else behind[:most]
    return Part(
        who=who,
        rows=[one for _, one in taken],
        left=len(behind) - len(taken),
        last=taken[-1][0] if taken else after,
    )


def _place(placed: tuple[str, Any]) -> str:
    return placed[0]
