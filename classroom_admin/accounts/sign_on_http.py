"""Send requests to a provider of school sign-on or a learning platform, and read their JSON.

`common.outbound` sends them. A provider must use https, except on this machine. Only a provider in a private
network may name addresses in private networks, so that a public provider can't make the dashboard call
internal services. `OUTBOUND_PRIVATE_NETWORKS` must allow these networks in any case. A redirect is an error.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables

from classroom_admin.common import outbound
from classroom_admin.common.addresses import is_loopback, is_public, is_web_address
from classroom_admin.common.outbound import OutboundFailed, OutboundRefused
from classroom_admin.common.problems import Problem

TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 1_000_000
DISCOVERY_CACHE_S: Final = 300
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_FORM: Final = "application/x-www-form-urlencoded"


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
    status, _headers, body = bounded("GET", issuer, address, headers=headers)
    if status != 200:
        raise ProviderFailed("sign_on_status", address=address, status=status)
    return _json(status, body, address)


@sensitive_variables()
def post_form(
    issuer: str, address: str, form: Mapping[str, str], auth: tuple[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Send a form, with a user name and password if `auth` has them. Return the status and a JSON object."""
    headers = {"Content-Type": _FORM}
    if auth is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
    status, _headers, body = bounded("POST", issuer, address, headers=headers, body=urlencode(form).encode())
    return status, _json(status, body, address)


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
        return False  # the request will fail
    return any(not is_public(str(one)) for one in found)


@sensitive_variables()
def bounded(
    method: str,
    issuer: str,
    address: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> tuple[int, Mapping[str, str], bytes]:
    """Send a request of this provider. Return the status, headers (in lower case) and body of the answer.

    Raise ProviderFailed if the address is not allowed, if the answer is a redirect, or if it has more than
    MOST_BYTES or takes more than TIMEOUT_S.
    """
    require_allowed(issuer, address)
    try:
        answer = outbound.send(
            method, address, headers=headers, body=body, timeout_s=TIMEOUT_S, most_bytes=MOST_BYTES
        )
    except (OutboundRefused, OutboundFailed) as error:
        raise _failure(error.problem, address) from error
    if 300 <= answer.status < 400:
        raise ProviderFailed("sign_on_redirect", address=address)
    if answer.is_cut:
        raise ProviderFailed("sign_on_too_large", address=address)
    return answer.status, answer.headers, answer.body


def _failure(problem: Problem, address: str) -> ProviderFailed:
    """Return the error, in words for administrators, for a request that was not answered."""
    match problem.code:
        case "outbound_private":
            return ProviderFailed("sign_on_private_network", address=address)
        case "outbound_timeout":
            return ProviderFailed("sign_on_timeout", address=address)
        case "outbound_tls":
            return ProviderFailed("sign_on_tls", address=address)
    return ProviderFailed("sign_on_unreachable", address=address)


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
