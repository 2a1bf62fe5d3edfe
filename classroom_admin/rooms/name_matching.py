"""When two spellings are the same name. Pure."""

from __future__ import annotations

import re
import unicodedata

_APART = re.compile(r"[^\w]+")


def fold_name(name: str) -> str:
    """A name without what people write differently: case, accents, spaces, commas, which part stands first.

    "Zoë BRANDT", "brandt,  zoe" and "Zoe Brandt" are one.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(sorted(part for part in _APART.split(plain.casefold()) if part))
