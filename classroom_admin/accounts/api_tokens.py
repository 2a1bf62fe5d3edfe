"""Create, check and end the tokens with which programs of a person use the API.

A token has the rights that the role of its person has at each request, limited by its scopes. Only the hash
of a token is stored. A token has 256 random bits, so a plain SHA-256 is enough.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import ApiToken, IdempotentRequest, User

READ: Final = "read"
WRITE: Final = "write"
SCOPES: Final = (READ, WRITE)
PREFIX: Final = "ca_"
"""The beginning of each token, by which programs that search for leaked secrets recognise it."""
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 366
MOST_TOKENS: Final = 20
"""How many tokens a person can have."""
REQUESTS_KEPT_FOR: Final = timedelta(days=1)
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class TokenRefused(ValueError):
    """Raised if a token can't be created. ``code`` is the reason: a key of `actions.api_tokens._REFUSALS`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@sensitive_variables("secret")
def create(person: User, *, name: str, scopes: Collection[str], days: int) -> tuple[ApiToken, str]:
    """Store a token that is valid for ``days`` days. Return its row, and the token itself.

    Raise ``TokenRefused`` if an argument is not valid, or if the person has ``MOST_TOKENS`` tokens.
    """
    if not person.is_active:
        raise TokenRefused("deactivated")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise TokenRefused("scopes")
    if not 1 <= days <= MOST_DAYS:
        raise TokenRefused("days")
    if not name.strip() or len(name) > 80 or "\x00" in name:
        raise TokenRefused("name")
    secret = PREFIX + secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)  # two requests at once can't exceed the limit
        ApiToken.objects.filter(user=person, expires_at__lte=now - timedelta(days=MOST_DAYS)).delete()
        if ApiToken.objects.filter(user=person, expires_at__gt=now).count() >= MOST_TOKENS:
            raise TokenRefused("too_many")
        made = ApiToken.objects.create(
            user=person,
            name=name.strip(),
            digest=digest(secret),
            scopes=" ".join(one for one in SCOPES if one in scopes),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    return made, secret


@sensitive_variables("secret")
def find(secret: str) -> ApiToken | None:
    """Return the valid token, with its person. Return None if it is unknown, ended or expired.

    The tokens of a deactivated person are not valid.
    """
    if not secret.startswith(PREFIX):
        return None
    found = ApiToken.objects.select_related("user").filter(digest=digest(secret)).first()
    return found if found is not None and not found.has_expired and found.user.is_active else None


def note_use(token: ApiToken) -> None:
    """Store the time of the use, at most once a minute."""
    now = timezone.now()
    if token.used_at is None or not timedelta() <= now - token.used_at < _USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)


def of(person: User) -> list[ApiToken]:
    """Return the tokens of a person, newest first. Expired tokens are included."""
    return list(ApiToken.objects.filter(user=person))


def end(person: User, pk: int) -> ApiToken | None:
    """Delete a token of the person and return it. Return None if the person has no such token."""
    with transaction.atomic():
        found = ApiToken.objects.select_for_update().filter(user=person, pk=pk).first()
        if found is not None:
            ApiToken.objects.filter(pk=found.pk).delete()
    return found


def end_all(person: User) -> int:
    """Delete all tokens of the person. Return how many were still valid."""
    tokens = ApiToken.objects.filter(user=person)
    valid = tokens.filter(expires_at__gt=timezone.now()).count()
    tokens.delete()
    return valid


def forget_old_requests() -> None:
    """Delete the stored requests and responses that are older than ``REQUESTS_KEPT_FOR``."""
    IdempotentRequest.objects.filter(created_at__lte=timezone.now() - REQUESTS_KEPT_FOR).delete()


@sensitive_variables("secret")
def digest(secret: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
