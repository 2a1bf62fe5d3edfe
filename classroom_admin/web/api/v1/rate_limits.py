"""Limit the requests of a person, and failed sign-ins of an address, to the API in each minute.

The cache counts, so each process may count on its own (see `CACHE_URL`).
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.accounts import api_tokens
from classroom_admin.common import problem_json
from classroom_admin.common.client_address import client_address, client_network
from classroom_admin.realtime import session
from classroom_admin.web.api.v1.problems import ApiProblem

WINDOW_S: Final = 60
FAILURES: Final = 60
"""How many requests with a wrong token, in each minute, an address may send."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The state of a limit: its size, what is left of it, and the seconds until it starts again."""

    size: int
    left: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.size),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.reset_s),
            "RateLimit-Policy": f"{self.size};w={WINDOW_S}",
        }


def count_request(request: HttpRequest, person: int) -> None:
    """Count a request of the account with this id. Raise ``ApiProblem`` 429 above the limit."""
    limit, is_over = _counted(f"person {person}", settings.API_REQUESTS_PER_MINUTE)
    request.api_limit = limit  # type: ignore[attr-defined]  # the middleware reads it
    if is_over:
        raise _too_many(limit)


def count_failure(request: HttpRequest) -> None:
    """Count a request with a wrong token. Raise ``ApiProblem`` 429 above the limit."""
    limit, is_over = _counted(f"address {client_network(client_address(request))}", FAILURES)
    if is_over:
        request.api_limit = limit  # type: ignore[attr-defined]
        raise _too_many(limit)


def add_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Add the headers of the limit that counted the request, if there was one."""
    limit: Limit | None = getattr(request, "api_limit", None)
    for name, value in limit.headers().items() if limit is not None else ():
        response[name] = value


def _too_many(limit: Limit) -> ApiProblem:
    words = f"At most {limit.size} requests a minute are allowed. Try again in {limit.reset_s} s."
    return ApiProblem(429, words, headers={"Retry-After": str(limit.reset_s)})


def _counted(whom: str, size: int) -> tuple[Limit, bool]:
    """Count one use. Return the limit, and whether the use is above it."""
    now = int(time.time())
    window, reset_s = now // WINDOW_S, WINDOW_S - now % WINDOW_S
    name = "api:" + hashlib.sha256(f"{window} {whom}".encode()).hexdigest()
    count = 1
    if not cache.add(name, 1, 2 * WINDOW_S):
        try:
            count = cache.incr(name)
        except ValueError:  # the cache has just dropped it
            cache.set(name, 1, 2 * WINDOW_S)
    return Limit(size, max(0, size - count), reset_s), count > size


def turn_of(scope: Any) -> str:
    """Return whose turn a request needs in `FairTurns`: that of its session, or of its token in the API."""
    if not problem_json.is_of_api(scope["path"].removeprefix(settings.PATH_PREFIX)):
        return session.session_key(scope)
    header = dict(scope["headers"]).get(b"authorization", b"")
    return f"token {api_tokens.digest(header.decode('latin-1'))}" if header else ""
