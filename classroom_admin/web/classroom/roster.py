"""The order of the roster, and its parts. A long roster is loaded in parts while the person scrolls. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

FIRST_PEOPLE: Final = 48
PART: Final = 150
HERE: Final = "here"
GONE: Final = "gone"


def roster_order(person: Any) -> str:
    """Return a person's place: a unique sort key by role, then raised hand and waiting time, then name.

    People who left have a separate list; the last person to leave is first.
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
    """Some rows of the roster. `left`: how many rows come after them. `last`: the place of the last row."""

    who: str
    rows: list[Any]
    left: int
    last: str


def part(people: Iterable[Any], who: str, *, after: str = "", most: int | None = FIRST_PEOPLE) -> Part:
    """Return at most `most` (None: all) people after a place. `who`: HERE for people present, else who left.

    Select by place, not by number, so nobody is skipped if people join or leave between two requests.
    """
    wanted = [(roster_order(person), person) for person in people if person.online == (who == HERE)]
    wanted.sort(key=lambda found: found[0])
    following = [(place, person) for place, person in wanted if place > after]
    chosen = following if most is None else following[:most]
    return Part(
        who=who,
        rows=[person for _, person in chosen],
        left=len(following) - len(chosen),
        last=chosen[-1][0] if chosen else after,
    )
