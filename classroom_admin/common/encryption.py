"""Encrypt secrets before they are stored in the database. The key comes from `SECRET_KEY`."""

import base64
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE: Final = b"classroom_admin.common.encryption"


class Undecipherable(ValueError):
    """The error if a stored secret was encrypted with a key that is not configured, or was changed."""


def encrypt(text: str) -> str:
    """Return `text` encrypted with `SECRET_KEY`, as ASCII."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text that `encrypt` returned `token` for, also if its key is now in SECRET_KEY_FALLBACKS.

    Raise ``Undecipherable`` if no configured key fits.
    """
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise Undecipherable("Neither SECRET_KEY nor SECRET_KEY_FALLBACKS decrypts this secret.") from None


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
