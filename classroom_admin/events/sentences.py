"""Helpers for the sentences that show events: names of people and quoted text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from classroom_admin.events.people import Person

Sentence = tuple[str, str]
"""A tuple (icon, words)."""
QUOTED: Final = 90
"""The maximum number of characters of a message that a sentence quotes."""
NAMED: Final = 3
"""The maximum number of people that a sentence names. Other people are only counted."""


def isolated(words: str) -> str:
    """Put words between Unicode isolates. Otherwise, a right-to-left name could reorder the sentence."""
    return f"\u2068{words}\u2069"


def quoted(words: str) -> str:
    """Return the beginning of a message as one line."""
    text = " ".join(words.split())
    return isolated(text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()}…")


@dataclass(slots=True)
class Names:
    """People's names by their cloud ids, for events that do not contain the names.

    `missing` collects the ids of people without a known name. `concerned` collects the ids of all people in
    the sentence, even if it only counts them.
    """

    known: Mapping[str, str]
    missing: set[str] = field(default_factory=set)
    concerned: set[str] = field(default_factory=set)

    def concern(self, people: Iterable[Person]) -> None:
        """Add these people to `concerned`."""
        self.concerned.update(person.user_uuid for person in people)

    def name(self, person: Person) -> str:
        """Return the name of a person, or "" if it is unknown."""
        self.concern([person])
        name = person.name or self.known.get(person.user_uuid, "")
        if not name:
            self.missing.add(person.user_uuid)
        return name

    def who(self, person: Person | None) -> str:
        """Return the name of a person, or "Someone" if the name is unknown."""
        name = self.name(person) if person is not None else ""
        return isolated(name) if name else _("Someone")

    def whom(self, people: Sequence[Person]) -> str:
        """Return the names of the first people. If there are more, add how many."""
        self.concern(people)
        words = ", ".join(self.who(person) for person in people[:NAMED])
        more = len(people) - NAMED
        return _("%(names)s and %(count)s more") % {"names": words, "count": more} if more > 0 else words

    def several(self, user_uuids: Sequence[str]) -> str:
        """Return the names of these people or, if a name is missing, their number."""
        people = [Person(user_uuid) for user_uuid in user_uuids]
        if [person for person in people if not self.name(person)]:
            return ngettext("%(count)d person", "%(count)d people", len(people)) % {"count": len(people)}
        return self.whom(people)
