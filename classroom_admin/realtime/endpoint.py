"""One stream, from the request to its end (ASGI)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from classroom_admin.realtime import messages, session
from classroom_admin.realtime.hub import Hub
from classroom_admin.realtime.rights import Refused
from classroom_admin.realtime.subscriber import Watcher

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
RETRY: Final = b"retry: 5000\n\n"
"""For readers other than our page, which waits by its own rules."""
GOODBYE_S: Final = 0.5


async def stream(hub: Hub, scope: Scope, receive: Receive, send: Send, *, key: str | None) -> None:
    """Serve the stream of the class under `key`, or of the list of classes (None), until one side ends it.

    Who may not watch is told so by the event that ends a stream for good: a status of 4xx would only make
    the browser try again.
    """
    query = session.query(scope)
    try:
        user, right = await hub.authorise(session.session_key(scope), key)
    except Refused as refused:
        await _start(send)
        await send(_body(messages.end(refused.reason), more=False))
        return
    watcher = Watcher(right, language=user.language or session.language(scope))
    watcher.task = asyncio.current_task()
    leaving = asyncio.create_task(_until_gone(receive, watcher))
    try:
        await _start(send)
        await send(_body(RETRY))
        joining = (
            hub.join_list(watcher, user, query)
            if key is None
            else hub.join_class(watcher, query.get("v", ""))
        )
        await _serve(joining, watcher, send)
    except asyncio.CancelledError:
        # cut off, or the server stops: the browser comes back by itself
        if not watcher.is_cut:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(send(_body(b"", more=False)), GOODBYE_S)
    finally:
        hub.leave(watcher)
        leaving.cancel()


async def _serve(joining: Awaitable[None], watcher: Watcher, send: Send) -> None:
    await joining
    while (chunk := await watcher.next()) is not None:
        await send(_body(chunk))
    with contextlib.suppress(OSError):  # who has gone need not be told
        await send(_body(b"", more=False))


async def _until_gone(receive: Receive, watcher: Watcher) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.finish()


async def _start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": messages.HEADERS})


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": more}
