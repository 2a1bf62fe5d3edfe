"""Compare texts and names without regard to accents and case: "zoe" matches "Zoë"."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_BETWEEN_NAMES: Final = re.compile(r"[^\w]+")


def search_key(text: str) -> str:
    """Return `text` in lower case, without accents and repeated spaces."""
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join("".join(letters).casefold().split())


def contains_all(terms: Iterable[str], *texts: str) -> bool:
    """Return whether every term is in at least one of the texts. `terms` are search keys."""
    whole = "\n".join(search_key(text) for text in texts)
    return all(term in whole for term in terms)


def name_key(name: str) -> str:
    """Return a key that is the same for all spellings of a name.

    Ignore case, accents, punctuation and the order of the parts: "Zoë BRANDT", "brandt,  zoe" and
    "Zoe Brandt" have one key.
    """
    return " ".join(sorted(part for part in _BETWEEN_NAMES.split(search_key(name)) if part))
