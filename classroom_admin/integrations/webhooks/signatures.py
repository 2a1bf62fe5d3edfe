"""Secrets and signatures of outgoing webhooks, in the format of Standard Webhooks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.views.decorators.debug import sensitive_variables
from standardwebhooks import Webhook

from classroom_admin.common.encryption import decrypt
from classroom_admin.integrations.webhooks.models import Endpoint

SECRET_BYTES: Final = 32
BOTH_VALID_FOR: Final = timedelta(hours=24)
"""How long requests are signed with the old secret, too, after a rotation."""


def new_secret() -> str:
    """Return a random secret: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@sensitive_variables()
def secrets_of(endpoint: Endpoint, now: datetime) -> list[str]:
    """Return the secrets with which requests are signed now, the new one first.

    Raise `encryption.Undecipherable` if no configured key decrypts one of them.
    """
    found = [decrypt(endpoint.secret)]
    if endpoint.old_secret and endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        found.append(decrypt(endpoint.old_secret))
    return found


@sensitive_variables()
def headers(number: str, at: datetime, body: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the headers with the id, the time and the signatures of a message."""
    signatures = [Webhook(key).sign(msg_id=number, timestamp=at, data=body) for key in keys]
    return {
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
