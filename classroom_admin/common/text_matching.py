"""Compare texts and names as people write them: "zoe" finds "Zoë"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_BETWEEN_NAMES: Final = re.compile(r"[^\w]+")


def search_key(text: str) -> str:
    """Return `text` without case, accents and repeated spaces."""
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join("".join(letters).casefold().split())


def contains_all(terms: Iterable[str], *texts: str) -> bool:
    """Return whether each of `terms`, which are search keys, is in one of the texts."""
    whole = "\n".join(search_key(text) for text in texts)
    return all(term in whole for term in terms)


def name_key(name: str) -> str:
    """Return the same key for all spellings of a name.

    Case, accents, punctuation and the order of its parts do not count: "Zoë BRANDT", "brandt,  zoe" and
    "Zoe Brandt" have one key.
    """
    return " ".join(sorted(part for part in _BETWEEN_NAMES.split(search_key(name)) if part))
