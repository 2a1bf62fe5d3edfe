"""The cloud user ids of people who come from a platform (pure)."""

from __future__ import annotations

import base64
import hashlib


def cloud_user_id(platform_key: str, sub: str) -> str:
    """Return the cloud user id of a person whom a platform calls `sub`. It does not reveal the `sub`.

    It is always the same. It has 30 characters, all of which the cloud allows.
    """
    digest = hashlib.sha256(f"{platform_key}\n{sub}".encode()).digest()
    return "lti-" + base64.b32encode(digest).decode().lower()[:26]


def digest_of(secret: str) -> str:
    """Return the SHA-256 hash of a secret, in hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()
