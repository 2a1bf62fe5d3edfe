"""Send requests to a provider of school sign-on, with short time-outs and bounded answers.

A provider must use https, except on this machine. Only a provider in a private network may name addresses in
private networks, so that a public provider can't make the dashboard call internal services. A redirect is an
error, because it could lead there, too.
"""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.core.cache import cache

from classroom_admin.common.addresses import is_loopback, is_public, is_web_address
from classroom_admin.common.problems import Problem

TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 1_000_000
DISCOVERY_CACHE_S: Final = 300
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderFailed(Exception):
    """The error if a provider can't be reached, or its answer can't be used."""

    def __init__(self, code: str, **params: Any) -> None:
        self.problem = Problem(code, params)
        super().__init__(str(self.problem))


def discovery(issuer: str, *, fresh: bool = False) -> dict[str, Any]:
    """Return the provider's configuration, which is cached for five minutes.

    `fresh` skips the cache. Raise ProviderFailed if it can't be read, or names another issuer.
    """
    name = f"sign-on-discovery:{hashlib.sha256(issuer.encode()).hexdigest()}"
    if not fresh and (known := cache.get(name)):
        return dict(known)
    found = get_json(issuer, issuer.rstrip("/") + _WELL_KNOWN)
    if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise ProviderFailed("sign_on_other_issuer", issuer=str(found.get("issuer", ""))[:200])
    for endpoint in _ENDPOINTS:
        address = found.get(endpoint)
        if not isinstance(address, str) or not is_web_address(address):
            raise ProviderFailed("sign_on_no_endpoint", name=endpoint)
        require_allowed(issuer, address)
    cache.set(name, found, DISCOVERY_CACHE_S)
    return found


def get_json(issuer: str, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at `address`. Raise ProviderFailed if there is none."""
    status, found = _send("GET", issuer, address, headers=headers)
    if status != 200:
        raise ProviderFailed("sign_on_status", address=address, status=status)
    return found


def post_form(
    issuer: str, address: str, form: Mapping[str, str], auth: tuple[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a form. Return the status and the JSON object of the answer."""
    return _send("POST", issuer, address, data=form, auth=auth)


def require_allowed(issuer: str, address: str) -> None:
    """Raise ProviderFailed if the dashboard must not send a request of this provider to `address`."""
    parts, own = urlsplit(address), urlsplit(issuer)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ProviderFailed("sign_on_not_https", address=address)
    if host != own.hostname and _is_private(host) and not _is_private(own.hostname or ""):
        raise ProviderFailed("sign_on_private_address", address=address)


def _is_private(host: str) -> bool:
    """Return whether a host, or the machine to which its name leads, is in a private network."""
    if is_loopback(host):
        return True
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False  # the request will fail, or a proxy knows the name
    return any(not is_public(str(one)) for one in found)


def bounded(method: str, issuer: str, address: str, **options: Any) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request of this provider. Return the status, headers and body of the answer.

    `options` are those of `requests`. Raise ProviderFailed if the address is not allowed, if the answer is a
    redirect, or if it has more than MOST_BYTES or takes more than TIMEOUT_S.
    """
    require_allowed(issuer, address)
    deadline = time.monotonic() + TIMEOUT_S
    try:
        with (
            requests.Session() as session,
            session.request(
                method, address, timeout=TIMEOUT_S, allow_redirects=False, stream=True, **options
            ) as answer,
        ):
            if answer.is_redirect:
                raise ProviderFailed("sign_on_redirect", address=address)
            body = bytearray()
            for part in answer.iter_content(16_384):
                body += part
                if len(body) > MOST_BYTES or time.monotonic() > deadline:
                    raise ProviderFailed("sign_on_too_large", address=address)
            return answer.status_code, answer.headers, bytes(body)
    except requests.Timeout as error:
        raise ProviderFailed("sign_on_timeout", address=address) from error
    except requests.exceptions.SSLError as error:
        raise ProviderFailed("sign_on_tls", address=address) from error
    except requests.RequestException as error:
        raise ProviderFailed("sign_on_unreachable", address=address) from error


def _send(method: str, issuer: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:
    status, _headers, body = bounded(method, issuer, address, **options)
    return status, _json(status, body, address)


def _json(status: int, body: bytes, address: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    if status != 200:
        return {}
    raise ProviderFailed("sign_on_not_json", address=address)
