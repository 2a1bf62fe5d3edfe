"""How a person wants the class list shown. The browser keeps it in a cookie, so the page arrives that way."""

from __future__ import annotations

from typing import Final

COOKIE: Final = "wall"
KNOWN: Final = ("rows", "only", "sound", "notes", "nokeys")


def read(cookie: str) -> list[str]:
    """Return the known preferences in a cookie, in the order of KNOWN."""
    chosen = cookie.split(".")
    return [preference for preference in KNOWN if preference in chosen]
