"""Read the cookies, language and query from an ASGI scope, without Django's middleware."""

from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import parse_cookie
from django.utils.translation.trans_real import (
    get_supported_language_variant,
    language_code_re,
    parse_accept_lang_header,
)

Scope = dict[str, Any]


def header(scope: Scope, name: bytes) -> str:
    """Return the first header with this lower-case name, or "" if there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def session_key(scope: Scope) -> str:
    """Return the session key from the request's cookie, or "" if it is missing or malformed."""
    key = _cookies(scope).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isalnum() else ""


def _cookies(scope: Scope) -> dict[str, str]:
    return parse_cookie(
        "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie")
    )


def query(scope: Scope) -> dict[str, str]:
    """Return the query parameters. If a name is repeated, the last value counts.

    Values are cut to 500 characters.
    """
    found = parse_qsl(scope["query_string"].decode("latin-1")[:4000], max_num_fields=20)
    return {name: value[:500] for name, value in found}


def language(scope: Scope) -> str:
    """Return the account's language from the cookie. If it is missing, return the browser's language."""
    cookie = _cookies(scope).get(settings.LANGUAGE_COOKIE_NAME, "")
    if cookie in dict(settings.LANGUAGES):
        return cookie
    for preference, _ in parse_accept_lang_header(header(scope, b"accept-language")[:500]):
        if preference != "*" and language_code_re.search(preference):
            try:
                return get_supported_language_variant(preference)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE
