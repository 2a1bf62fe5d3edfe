"""What somebody looks for, as it stands in an address."""

from __future__ import annotations

from collections.abc import Mapping


def words(query: Mapping[str, str], *, most: int = 100) -> str:
    """The words of `q`, `most` characters of them; without NUL, which no database text holds."""
    return query.get("q", "").replace("\x00", "").strip()[:most]
