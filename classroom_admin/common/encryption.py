"""Encrypt secrets before they are stored in the database. The key comes from `SECRET_KEY`.

Register each place where `encrypt`'s result is stored, so that `manage.py rotate_keys` encrypts it again
with a new key.
"""

import base64
from collections.abc import Callable
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import transaction

_PURPOSE: Final = b"classroom_admin.common.encryption"
_places: Final[dict[str, Callable[[], int]]] = {}


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


def register(name: str, encrypt_again: Callable[[], int]) -> None:
    """Register a place of encrypted secrets.

    `encrypt_again` encrypts all of them with the current SECRET_KEY (see `renewed`). It returns how many it
    changed.
    """
    _places[name] = encrypt_again


def register_field(model: str, field: str) -> None:
    """Register a text field, or a JSON field with encrypted texts.

    `model` is a label, such as "mfa.Authenticator". The field may also contain texts that are not
    encrypted. These do not change.
    """
    register(f"{model}.{field}", lambda: _encrypt_field_again(model, field))


def registered() -> list[str]:
    """Return the names of the places of encrypted secrets."""
    return sorted(_places)


def encrypt_all_again() -> dict[str, int]:
    """Encrypt all registered secrets with the current SECRET_KEY. Return how many changed in each place.

    Secrets that no configured key decrypts stay as they are.
    """
    return {name: _places[name]() for name in registered()}


def renewed(token: str) -> str:
    """Return a token encrypted with the current SECRET_KEY. Return the same text if that is not necessary.

    A text that is not encrypted, or that no configured key decrypts, does not change.
    """
    fernet = _fernet()
    try:
        Fernet(_derived(str(settings.SECRET_KEY))).decrypt(token.encode())
        return token
    except InvalidToken:
        pass
    try:
        return fernet.rotate(token.encode()).decode()
    except InvalidToken:
        return token


def _encrypt_field_again(label: str, field: str) -> int:
    model = apps.get_model(label)
    changed = 0
    for pk in list(model._base_manager.values_list("pk", flat=True)):
        with transaction.atomic():
            row = model._base_manager.select_for_update().filter(pk=pk).first()
            before = getattr(row, field, None)
            after = _renewed_inside(before)
            if after != before:
                model._base_manager.filter(pk=pk).update(**{field: after})
                changed += 1
    return changed


def _renewed_inside(value: Any) -> Any:
    if isinstance(value, str):
        return renewed(value)
    if isinstance(value, list):
        return [_renewed_inside(item) for item in value]
    if isinstance(value, dict):
        return {name: _renewed_inside(item) for name, item in value.items()}
    return value


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
