"""Serve an event stream as an ASGI application, from the request until the stream ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from classroom_admin.accounts.models import User
from classroom_admin.common.logs import context as log_context
from classroom_admin.realtime import messages, session
from classroom_admin.realtime.hub import Hub
from classroom_admin.realtime.limits import RETRY_AFTER_S, TooMany
from classroom_admin.realtime.rights import Refused, Right
from classroom_admin.realtime.subscriber import Subscriber

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
RETRY: Final = messages.retry(5000)
"""The delay (ms) after which clients reconnect, except for our pages, which have their own rules."""
LAST_CHUNK_TIMEOUT_S: Final = 0.5


async def stream(hub: Hub, scope: Scope, receive: Receive, send: Send, *, key: str | None) -> None:
    """Serve the stream of the class with this `key`. If `key` is None, serve the list of classes.

    If the user has no permission, respond with 200 and the event `end`, because browsers retry after a 4xx
    status. If the session or the account has too many streams, respond with 429. The page then polls.
    """
    session_key = session.session_key(scope)
    try:
        with hub.limits.of_session(session_key):
            async with hub.limits.turn(session_key):
                user, right = await hub.authorise(session_key, key)
            log_context.bind(person=user.pk, room=key)
            with hub.limits.of_account(user.pk):
                await _serve(hub, scope, receive, send, user=user, right=right)
    except Refused as refused:
        await _start(send)
        await send(_body(messages.end(refused.reason), more=False))
    except TooMany:
        await _refuse(send)


async def _serve(hub: Hub, scope: Scope, receive: Receive, send: Send, *, user: User, right: Right) -> None:
    """Serve a stream with this permission. Raise ``TooMany`` before the response starts."""
    query = session.query(scope)
    subscriber = Subscriber(right, language=user.language or session.language(scope))
    subscriber.task = asyncio.current_task()
    disconnect = asyncio.create_task(_finish_on_disconnect(receive, subscriber))
    try:
        async with hub.limits.turn(user.pk):
            if right.room_id is None and not hub.lists.has_room_for(subscriber, query):
                raise TooMany
            await _start(send)
            await send(_body(RETRY))
            if right.room_id is None:
                await hub.join_list(subscriber, user, query)
            else:
                await hub.join_class(subscriber, query.get("v", ""))
        while (chunk := await subscriber.next()) is not None:
            await send(_body(chunk))
        with contextlib.suppress(OSError):  # the client has already disconnected
            await send(_body(b"", more=False))
    except asyncio.CancelledError:
        # The page was cut off, or the server stops. The browser reconnects without our help.
        if not subscriber.is_cut:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(send(_body(b"", more=False)), LAST_CHUNK_TIMEOUT_S)
    finally:
        hub.leave(subscriber)
        disconnect.cancel()


async def _finish_on_disconnect(receive: Receive, subscriber: Subscriber) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.finish()


async def _start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": messages.HEADERS})


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send(_body(b"You have too many open pages. Close some of them.", more=False))


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": more}
