"""What of a request the stream needs: cookie, language, query. Nothing of Django's stack is run. Pure."""

from __future__ import annotations

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
    """The first header of this (lower-case) name; "" where there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def session_key(scope: Scope) -> str:
    """The key of the session that the request's cookie names; "" where there is none, or it can be no key."""
    key = _cookies(scope).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isalnum() else ""


def _cookies(scope: Scope) -> dict[str, str]:
    return parse_cookie(
        "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie")
    )


def query(scope: Scope) -> dict[str, str]:
    """The query of the address; of several values the last, and nothing longer than 500 characters."""
    found = parse_qsl(scope["query_string"].decode("latin-1")[:4000], max_num_fields=20)
    return {name: value[:500] for name, value in found}


def language(scope: Scope) -> str:
    """The language of who has chosen none with the account: the cookie's, else the browser's wish."""
    cookie = _cookies(scope).get(settings.LANGUAGE_COOKIE_NAME, "")
    if cookie in dict(settings.LANGUAGES):
        return cookie
    for wish, _ in parse_accept_lang_header(header(scope, b"accept-language")[:500]):
        if wish != "*" and language_code_re.search(wish):
            try:
                return get_supported_language_variant(wish)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE
