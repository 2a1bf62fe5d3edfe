"""The text that stands for erased personal data, and its translation where people read it."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext

ERASED: Final = "[erased]"
"""What is stored in place of a name, an id, an address or words that were erased. It is never translated."""


def translated(value: Any) -> Any:
    """Return a JSON value as people read it: with `ERASED` in the active language, also inside texts."""
    if isinstance(value, str):
        return value.replace(ERASED, gettext("[erased]")) if ERASED in value else value
    if isinstance(value, dict):
        return {name: translated(one) for name, one in value.items()}
    return [translated(one) for one in value] if isinstance(value, list) else value
