"""How a person wants the wall shown: the browser keeps it in a cookie, so that the page comes that way.

Pure.
"""

from __future__ import annotations

from typing import Final

COOKIE: Final = "wall"
ROWS: Final = "rows"
ONLY: Final = "only"
SOUND: Final = "sound"
NOTES: Final = "notes"
NO_KEYS: Final = "nokeys"
KNOWN: Final = (ROWS, ONLY, SOUND, NOTES, NO_KEYS)


def read(cookie: str) -> list[str]:
    """The choices that a cookie tells, in their order; what is unknown is left out."""
    told = cookie.split(".")
    return [choice for choice in KNOWN if choice in told]
