"""Let each session have a few requests in work at a time. Others of the same session wait for their turn."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from classroom_admin.common import problem_json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

AT_ONCE: Final = 4
"""The number of requests of a session that may be in work. A browser sends up to six at a time."""
AFTER_WAITING: Final = 2
"""The number of requests that may be in work when one that had to wait begins. More would delay others."""
MOST_WAITING: Final = 60
RETRY_AFTER_S: Final = 5


class TooManyRequests(Exception):
    """The error if too many requests of a session already wait."""


class _Session:
    """The requests of a session: the number in work, and those that wait."""

    __slots__ = ("in_work", "waiting")

    def __init__(self) -> None:
        self.in_work = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class FairTurns:
    """ASGI middleware that limits the requests that are in work at the same time for each session.

    `session_of` returns the key of a request's session, or "" for requests without one, which pass. A request
    is in work from the end of its body to the start of its answer. So slow uploads and downloads do not
    count. If more than `MOST_WAITING` requests of a session wait, further ones get status 429.
    """

    def __init__(self, inner: Application, *, session_of: Callable[[Any], str]) -> None:
        self._inner = inner
        self._session_of = session_of
        self._sessions: dict[str, _Session] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = self._session_of(scope) if scope["type"] == "http" else ""
        if not key:
            await self._inner(scope, receive, send)
            return
        is_in_work = is_answered = False

        async def waited() -> MutableMapping[str, Any]:
            nonlocal is_in_work
            message = await receive()
            is_whole = message["type"] == "http.request" and not message.get("more_body", False)
            if is_whole and not is_in_work and not is_answered:
                await self._begin(key)
                is_in_work = True
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal is_in_work, is_answered
            is_answered = True
            if is_in_work:
                is_in_work = False
                self._end(key)
            await send(message)

        try:
            await self._inner(scope, waited, sent)
        except TooManyRequests:
            await _refuse(scope, send)
        finally:
            if is_in_work:
                self._end(key)

    async def _begin(self, key: str) -> None:
        session = self._sessions.setdefault(key, _Session())
        if session.in_work < AT_ONCE and not session.waiting:
            session.in_work += 1
            return
        if len(session.waiting) >= MOST_WAITING:
            raise TooManyRequests
        turn = asyncio.get_running_loop().create_future()
        session.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._end(key)  # pass on the turn that came with the cancellation
            elif turn in session.waiting:  # the end of another request may have removed it
                session.waiting.remove(turn)
            raise

    def _end(self, key: str) -> None:
        """End the turn of a request. Perhaps it is then the turn of one that waits."""
        session = self._sessions[key]
        session.in_work -= 1
        while session.waiting and session.in_work < AFTER_WAITING:
            turn = session.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                session.in_work += 1
        if not session.in_work:
            del self._sessions[key]


async def _refuse(scope: Scope, send: Send) -> None:
    words = "Too many of your requests wait for an answer. Wait a moment, then try again."
    kind, body = "text/plain; charset=utf-8", words.encode()
    if problem_json.is_of_api(scope["path"]):
        kind, body = problem_json.MEDIA_TYPE, problem_json.body(429, words)
    headers = [
        (b"content-type", kind.encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
