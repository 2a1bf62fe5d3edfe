"""Passwords that are made for people."""

import secrets
from typing import Final

# Without letters and digits that are taken for one another when read aloud or from paper.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """A fresh password: four groups of four characters, about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
