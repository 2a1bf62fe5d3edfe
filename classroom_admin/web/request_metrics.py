"""Measure the requests that Django answers, by the name of their route."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from classroom_admin.common import clock, metrics
from classroom_admin.common.size_limit import Application, Receive, Scope, Send

ROUTE: Final = "classroom_admin.route"
"""The key in the scope under which the two classes below share a dict."""
NO_ROUTE: Final = "none"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Measured:
    """ASGI middleware that measures the time from the last byte of a request to the first of its answer.

    This includes the wait for a turn and for a thread, but neither slow uploads nor the length of a stream.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        began = clock.monotonic()
        note: dict[str, str] = {}

        async def received() -> MutableMapping[str, Any]:
            nonlocal began
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                began = clock.monotonic()
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                seconds = clock.monotonic() - began
                metrics.request(note.get("name", NO_ROUTE), method, message["status"], seconds)
            await send(message)

        await self._inner({**scope, ROUTE: note}, received, sent)


class NoteRoute:
    """Django middleware that tells `Measured` the name of a request's route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        scope: dict[str, Any] = getattr(request, "scope", {})
        if request.resolver_match is not None and ROUTE in scope:
            scope[ROUTE]["name"] = request.resolver_match.view_name
        return response
