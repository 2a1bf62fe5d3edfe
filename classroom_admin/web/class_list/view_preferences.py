"""Read a person's view preferences for the class list from a cookie that the browser sets."""

from __future__ import annotations

from typing import Final

COOKIE: Final = "wall"
KNOWN: Final = ("rows", "only", "sound", "notes", "nokeys")


def read(cookie: str) -> list[str]:
    """Return the valid preferences in a cookie, in the order of KNOWN."""
    chosen = cookie.split(".")
    return [preference for preference in KNOWN if preference in chosen]
