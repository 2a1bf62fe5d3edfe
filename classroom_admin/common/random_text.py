"""Make random texts that people can read aloud: keys for addresses, and passwords."""

import secrets
from typing import Final

# Leaves out letters and digits that people mix up, such as l and 1.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """Return a key of 12 characters for addresses, in which ids of the cloud never appear."""
    return _random(12)


def new_password() -> str:
    """Return a password: four groups of four characters, about 79 bits."""
    return "-".join(_random(4) for _ in range(4))


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
