"""Parse the numbers that people and programs send: in addresses, forms, headers and tokens."""

from typing import Final

MOST_DIGITS: Final = 18
"""The maximum number of digits. Every database can compare and store such numbers."""


def is_number(text: str) -> bool:
    """Return whether a string consists of at most MOST_DIGITS ASCII digits."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def parsed(text: str, *, most_digits: int = MOST_DIGITS) -> int | None:
    """Return the number in the text, or None if it is not 1 to `most_digits` ASCII digits.

    Use this function instead of `int`, which also accepts signs, spaces, underscores, digits of other scripts
    and numbers that are too long for a database. `str.isdigit` even accepts "²", which `int` refuses.
    """
    return int(text) if is_number(text) and len(text) <= most_digits else None
