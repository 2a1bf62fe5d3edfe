"""How events become sentences: the names of people, quoted words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from classroom_admin.events.people import Person

Sentence = tuple[str, str]
"""(icon, words)"""
QUOTED: Final = 90
"""Characters of a message that its sentence quotes."""
NAMED: Final = 3
"""People whom a sentence names; of more it gives the number."""


def isolated(words: str) -> str:
    """Isolate words of another hand: a right-to-left name leaves the sentence around it alone."""
    return f"\u2068{words}\u2069"


def quoted(words: str) -> str:
    """Return the beginning of a message, on one line."""
    text = " ".join(words.split())
    return isolated(text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()}…")


@dataclass(slots=True)
class Names:
    """What people are called, by their cloud ids, where the event itself does not say it.

    `missing` collects the ids that a sentence asked for in vain.
    """

    known: Mapping[str, str]
    missing: set[str] = field(default_factory=set)

    def name(self, person: Person) -> str:
        """Return the name of a person; "" where it is not known."""
        name = person.name or self.known.get(person.user_uuid, "")
        if not name:
            self.missing.add(person.user_uuid)
        return name

    def who(self, person: Person | None) -> str:
        """Return the name of a person, or words for a person without a name."""
        name = self.name(person) if person is not None else ""
        return isolated(name) if name else _("Someone")

    def whom(self, people: Sequence[Person]) -> str:
        """Return the names of the first people, and how many more there are."""
        words = ", ".join(self.who(person) for person in people[:NAMED])
        more = len(people) - NAMED
        return _("%(names)s and %(count)s more") % {"names": words, "count": more} if more > 0 else words

    def several(self, user_uuids: Sequence[str], one: str, many: str) -> str:
        """Say who did something: by name where all names are known, else by number."""
        people = [Person(user_uuid) for user_uuid in user_uuids]
        unnamed = [person for person in people if not self.name(person)]
        return f"{len(people) if unnamed else self.whom(people)} {one if len(people) == 1 else many}"
