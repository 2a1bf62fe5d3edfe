"""Generate random texts that people can read aloud: keys for web addresses."""

import secrets
from typing import Final

# This alphabet omits letters and digits that people confuse, such as l and 1.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """Return a random key of 12 characters. Web addresses contain such keys instead of cloud ids."""
    return _random(12)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
