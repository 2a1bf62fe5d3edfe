"""Our key pairs: sign messages to platforms, publish the public keys, and replace the key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables
from jwt.algorithms import RSAAlgorithm

from classroom_admin.common import clock
from classroom_admin.common.encryption import decrypt, encrypt
from classroom_admin.integrations.lti.models import SigningKey

ALGORITHM: Final = "RS256"
KEY_BITS: Final = 2048
PUBLISHED_FOR: Final = timedelta(days=14)
"""How long a retired public key stays published, for platforms that still verify messages with it."""


def signed(claims: Mapping[str, Any]) -> str:
    """Return the claims as a token that is signed with the current key. Make a key if there is none."""
    key = current()
    return jwt.encode(dict(claims), decrypt(key.private_pem), algorithm=ALGORITHM, headers={"kid": key.kid})


def published() -> dict[str, list[dict[str, Any]]]:
    """Return our public keys as a key set. Keys that were retired more than PUBLISHED_FOR ago are omitted."""
    current()
    rows = SigningKey.objects.exclude(retired_at__lt=clock.now() - PUBLISHED_FOR)
    return {"keys": [row.public_jwk for row in rows]}


def current() -> SigningKey:
    """Return the key that signs. Make it if there is none yet."""
    found = SigningKey.objects.filter(is_signing=True).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _made()
    except IntegrityError:  # another process made the first key in the meantime
        return SigningKey.objects.get(is_signing=True)


def replace() -> SigningKey:
    """Make a new key that signs from now on. The earlier one stays published for PUBLISHED_FOR."""
    with transaction.atomic():
        SigningKey.objects.filter(is_signing=True).update(is_signing=None, retired_at=clock.now())
        return _made()


def tidy() -> None:
    """Delete keys that are no longer published."""
    SigningKey.objects.filter(retired_at__lt=clock.now() - PUBLISHED_FOR).delete()


@sensitive_variables()
def _made() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kid = secrets.token_hex(8)
    public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    shown = {name: public[name] for name in ("kty", "n", "e")}
    return SigningKey.objects.create(
        kid=kid,
        private_pem=encrypt(pem),
        public_jwk={**shown, "kid": kid, "alg": ALGORITHM, "use": "sig"},
    )
