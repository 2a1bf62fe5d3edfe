"""Set the security headers on every response: pages, streams, static files, and refusals before Django."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final

from csp.utils import build_policy
from django.conf import settings

from classroom_admin.common import problem_json
from classroom_admin.common.size_limit import FOR_PROGRAMS, Application, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]
_SERVER_ERROR: Final = "The server failed. Try again later."


def standard_headers(*, is_https: bool) -> dict[str, str]:
    """Return the headers of a response that sets none of them itself."""
    found = {
        "content-security-policy": build_policy(),
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": settings.PERMISSIONS_POLICY,
    }
    if is_https and settings.SECURE_HSTS_SECONDS:
        parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
        parts += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
        parts += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
        found["strict-transport-security"] = "; ".join(parts)
    return found


class SecurityHeaders:
    """ASGI middleware that adds the headers that a response lacks.

    If the application fails before it responds, respond with status 500, because the server's own response
    would have no headers. The error still reaches the server, which logs it.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner
        self._of_scheme = {
            scheme: [
                (name.encode(), value.encode())
                for name, value in standard_headers(is_https=scheme == "https").items()
            ]
            for scheme in ("http", "https")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        answered = False
        standard = self._of_scheme["https" if scope["scheme"] == "https" else "http"]

        async def complete(message: Any) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                message = {**message, "headers": completed(message.get("headers", ()), standard)}
            await send(message)

        stopped = False
        try:
            await self._inner(scope, receive, complete)
        except asyncio.CancelledError:
            stopped = True
            raise
        finally:
            if not answered and not stopped:
                await refuse(scope, complete, 500, _SERVER_ERROR)


def completed(headers: Iterable[tuple[bytes, bytes]], standard: Headers) -> Headers:
    """Return the headers of a response, with those of `standard` that it lacks.

    A page that other sites may show in a frame names them in its policy. It gets no X-Frame-Options, because
    that header can't name sites.
    """
    own = list(headers)
    names = {name.lower() for name, _ in own}
    if any(name.lower() == b"content-security-policy" and _names_frames(value) for name, value in own):
        names.add(b"x-frame-options")
    return own + [header for header in standard if header[0] not in names]


def _names_frames(policy: bytes) -> bool:
    return b"frame-ancestors" in policy and b"frame-ancestors 'none'" not in policy


async def refuse(scope: Scope, send: Send, status: int, words: str, *more: tuple[bytes, bytes]) -> None:
    """Respond with a text, or with JSON to programs, and close the connection."""
    kind, body = b"text/plain; charset=utf-8", words.encode()
    if problem_json.is_of_api(scope["path"]):
        kind, body = problem_json.MEDIA_TYPE.encode(), problem_json.body(status, words)
    elif scope["path"].startswith(FOR_PROGRAMS):
        kind, body = b"application/json", json.dumps({"error": words}).encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
