"""ASGI middleware that gives each request an id, and writes one record for it when it ends: the access log.

A stream is recorded when it ends, with its duration. Requests of probes are not recorded. Neither are those
that the server refuses before it calls the application, such as requests whose headers are too large.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Any, Final

from django.conf import settings

from classroom_admin.common.client_address import UNIX, normal
from classroom_admin.common.logs import context, ending
from classroom_admin.common.logs.paths import resolved, shown_path
from classroom_admin.common.logs.pipeline import ACCESS
from classroom_admin.common.size_limit import Application, Receive, Scope, Send

HEADER: Final = b"x-request-id"
REQUEST_ID: Final = "classroom_admin.request_id"
"""The key of the request id in the ASGI scope."""
PROBES: Final = frozenset({"/healthz", "/livez", "/readyz", "/metrics"})
log: Final = logging.getLogger(ACCESS)


class RequestLog:
    """Give each request an id in the header `X-Request-ID`, and write the access log if ACCESS_LOG is on.

    A client can't choose the id, so that it can't confuse the log.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = secrets.token_hex(8)
        answer = _Answer(send, request_id.encode())
        began = time.perf_counter()
        with context.work(request_id=request_id):
            try:
                await self._inner({**scope, REQUEST_ID: request_id}, receive, answer.send)
            finally:
                if settings.ACCESS_LOG and _path(scope) not in PROBES:
                    log.info("request", extra=_fields(scope, answer, began))


class _Answer:
    """A response on its way: its status, and the bytes of its body."""

    __slots__ = ("_request_id", "_send", "bytes", "status")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status: int | None = None
        self.bytes = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [header for header in message.get("headers", ()) if header[0].lower() != HEADER]
            message = {**message, "headers": [*headers, (HEADER, self._request_id)]}
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
        await self._send(message)


def _fields(scope: Scope, answer: _Answer, began: float) -> dict[str, Any]:
    """Return the fields of the record. `status` is missing if the client left before the response began."""
    bound = context.current()
    path = bound.get("path")
    if path is None:  # the request did not reach a view
        match = resolved(_path(scope))
        path = shown_path(scope["path"], match)
        if match is not None:
            context.bind(route=match.view_name)
    fields = {
        "method": scope["method"],
        "path": path,
        "status": answer.status,
        "bytes": answer.bytes,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
    if settings.ACCESS_LOG_ADDRESSES and scope.get("client"):
        address = normal(scope["client"][0])
        fields["client"] = None if address == UNIX else address
    return fields


def _path(scope: Scope) -> str:
    """Return the path without the prefix of PUBLIC_URL."""
    path: str = scope["path"]
    return path.removeprefix(settings.PATH_PREFIX) or "/"


async def _live(receive: Receive, send: Send) -> None:
    """Follow the server from its start to its end. It may end by a signal, so write the counts before."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await asyncio.to_thread(ending.finish)
            await send({"type": "lifespan.shutdown.complete"})
            return
