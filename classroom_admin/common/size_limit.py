"""Reject requests that are too big, and GET or HEAD requests with a body, before reading them.

Without this limit, Django would first write the whole body to disk, even for an unknown sender.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from classroom_admin.common import problem_json
from classroom_admin.common.numbers import parsed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Limit = Callable[[Scope], Awaitable[int]]
FOR_PROGRAMS: Final = "/api/"
DISCARD_S: Final = 2.0
BODILESS: Final = ("GET", "HEAD")


class TooBig(Exception):
    """Raised when a body has more bytes than allowed."""


class NoRoom(Exception):
    """Raised if a body can't be stored, because the disk is almost full. The message says so."""


def has_body(scope: Scope) -> bool:
    """Return whether the headers announce a body."""
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"").strip(b"0") != b""


class SizeLimit:
    """ASGI middleware that limits the size of request bodies.

    Respond with status 413 if the body has more bytes than `most_bytes` returns for the request. Respond with
    status 400 to a GET or HEAD request with a body.
    """

    def __init__(self, inner: Application, *, most_bytes: Limit) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        bodiless = scope["method"] in BODILESS
        try:
            most_bytes = 0 if bodiless else await self._most_bytes(scope)
        except NoRoom as error:
            await _answer(scope, receive, send, 507, str(error))
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if (bodiless and has_body(scope)) or _announces_more(announced, most_bytes):
            await _refuse(scope, receive, send, most_bytes)
            return
        got = 0
        answered = is_whole = False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal got, is_whole
            message = await receive()
            is_whole = not message.get("more_body", False)
            got += len(message.get("body", b""))
            if got > most_bytes:
                raise TooBig
            return message

        async def remembered(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._inner(scope, counted, remembered)
        except TooBig:
            if not answered:
                await _refuse(scope, None if is_whole else receive, send, most_bytes)


def _announces_more(length: bytes, most_bytes: int) -> bool:
    """Return whether a Content-Length is more than `most_bytes`, or not a number at all."""
    found = parsed(length.strip().decode("latin-1") or "0")
    return found is None or found > most_bytes


async def _refuse(scope: Scope, receive: Receive | None, send: Send, most_bytes: int) -> None:
    """Respond that the body is too big. `receive` is None if nothing more of it should be read."""
    status, words = 413, f"This request is too big. Send at most {most_bytes} bytes."
    if scope["method"] in BODILESS:
        status, words = 400, f"A {scope['method']} request can't have a body. Send it without one."
    await _answer(scope, receive, send, status, words)


async def _answer(scope: Scope, receive: Receive | None, send: Send, status: int, words: str) -> None:
    """Respond with a text, and discard the body for a moment unless `receive` is None."""
    kind, body = "text/plain; charset=utf-8", words.encode()
    if problem_json.is_of_api(scope["path"]):
        kind, body = problem_json.MEDIA_TYPE, problem_json.body(status, words)
    elif scope["path"].startswith(FOR_PROGRAMS):
        kind, body = "application/json", json.dumps({"error": words}).encode()
    length = str(len(body)).encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", length), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if receive is not None:
        await _read_rest(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read_rest(receive: Receive) -> None:
    """Discard the rest of a body for at most `DISCARD_S`.

    If the server closed the connection at once, a proxy that still sends the body would report an error of
    its own instead of the refusal.
    """
    try:
        async with asyncio.timeout(DISCARD_S):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        pass
