"""Decide when a part that has ended unexpectedly starts again, and what to say about it.

The pause before a start doubles with each death, so a part that can't run does not use up the processor. A
part that has run for a while begins with the shortest pause again.
"""

from dataclasses import dataclass
from typing import Final

MANY: Final = 5
"""After this number of deaths in a row, further deaths of the part are not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The pauses before a part starts again, in seconds, and how long it must run to count as well."""

    first_s: float = 0.5
    longest_s: float = 30.0
    well_s: float = 60.0

    def pause_s(self, deaths: int) -> float:
        """Return the pause after this number of deaths in a row (at least 1)."""
        return min(self.longest_s, self.first_s * 2.0 ** min(deaths - 1, 30))

    def deaths_in_a_row(self, before: int, *, lived_s: float) -> int:
        """Return the number of deaths in a row, with the one that has just happened."""
        return 1 if lived_s >= self.well_s else before + 1

    def words(self, name: str, how: str, deaths: int) -> str:
        """Return what to say about a death, or "" if enough has been said. ``how`` is its cause."""
        if deaths > MANY:
            return ""
        if deaths == MANY:
            return (
                f"The part “{name}” ended {deaths} times in a row ({how}). The others continue. It is tried "
                f"again, later every {self.longest_s:g} s. Further failures of it are not shown."
            )
        return f"The part “{name}” ended unexpectedly ({how}). It starts again in {self.pause_s(deaths):g} s."

    def words_when_well(self, name: str, deaths: int) -> str:
        """Return what to say when a part has run for ``well_s`` after ``deaths`` deaths in a row."""
        return f"The part “{name}” runs again." if deaths >= MANY else ""
