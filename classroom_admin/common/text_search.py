"""Words as they are compared when somebody searches: "zoe" finds "Zoë". Pure."""

from __future__ import annotations

import unicodedata


def folded(words: str) -> str:
    """Without case, accents and doubled spaces."""
    parts = unicodedata.normalize("NFKD", words.casefold())
    return " ".join("".join(part for part in parts if not unicodedata.combining(part)).split())


def has_all(terms: list[str], *texts: str) -> bool:
    """Whether each of these folded terms stands in one of the texts."""
    whole = "\n".join(folded(text) for text in texts)
    return all(term in whole for term in terms)
