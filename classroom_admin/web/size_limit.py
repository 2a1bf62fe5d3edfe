"""Refuses a request that is too big before it is read: Django would first write all of it to disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Limit = Callable[[Scope], Awaitable[int]]
FOR_PROGRAMS: Final = "/api/"


class TooBig(Exception):
    """More came than was announced and is allowed."""


class SizeLimit:
    """An ASGI application in front of another: bodies of more bytes than `most_bytes` gives for a request are
    answered 413.
    """

    def __init__(self, inner: Application, *, most_bytes: Limit) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._inner(scope, receive, send)
            return
        most_bytes = await self._most_bytes(scope)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > most_bytes:
            await _refuse(scope, send, most_bytes)
            return
        got = 0
        answered = False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > most_bytes:
                raise TooBig
            return message

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._inner(scope, counted, noted)
        except TooBig:
            if not answered:
                await _refuse(scope, send, most_bytes)


async def _refuse(scope: Scope, send: Send, most_bytes: int) -> None:
    words, kind = f"This is too big to be taken in: {most_bytes} bytes at most.", "text/plain; charset=utf-8"
    if scope["path"].startswith(FOR_PROGRAMS):
        words, kind = json.dumps({"error": words}), "application/json"
    headers = [(b"content-type", kind.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode(), "more_body": False})
