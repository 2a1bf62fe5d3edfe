"""Remember in a signed cookie which accounts have signed in with a browser.

The cookie does not sign anyone in. It only gives the browser its own count of failed attempts
(`accounts.throttling`).
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.common.random_text import new_key

SALT: Final = "classroom_admin.accounts.known_device"
KEPT_S: Final = 365 * 24 * 3600
MOST_ACCOUNTS: Final = 8
HASH_LENGTH: Final = 24


def device_of(request: HttpRequest, account: str) -> str:
    """Return the id of this browser if `account` (a hash) has signed in with it, otherwise ""."""
    device, accounts = _read(request)
    return device if account[:HASH_LENGTH] in accounts else ""


def remember(request: HttpRequest, response: HttpResponseBase, account: str) -> None:
    """Set the cookie that makes this browser a known device of `account` (a hash)."""
    device, accounts = _read(request)
    short = account[:HASH_LENGTH]
    kept = [short, *(other for other in accounts if other != short)][:MOST_ACCOUNTS]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps({"device": device or new_key(), "accounts": kept}, salt=SALT),
        max_age=KEPT_S,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        found = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=KEPT_S)
        return str(found["device"]), [str(account) for account in found["accounts"]]
    except signing.BadSignature:
        return "", []
