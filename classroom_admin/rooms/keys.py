"""Keys of our own for addresses: ids of the cloud are never in one."""

import secrets

KEY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """A short key for addresses: 12 characters that can be read aloud."""
    return "".join(secrets.choice(KEY_ALPHABET) for _ in range(12))
