"""Tell the open pages of people who want to come in that something changed for them.

One query a second serves all open pages of a process, and nothing is rendered: a page that hears of a change
loads itself again. People whom one change concerns reload at different moments.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from classroom_admin.common import clock, database_outage
from classroom_admin.integrations.joining import actions, selectors
from classroom_admin.realtime import messages
from classroom_admin.realtime.process import Threads

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
CHANGED: Final = "changed"
LOOK_EVERY_S: Final = 1.0
SEEN_EVERY_S: Final = 20.0
HEARTBEAT_EVERY_S: Final = 15.0
RELOADS_PER_S: Final = 50
LONGEST_SPREAD_MS: Final = 20_000
MOST_PAGES: Final = 5_000
MOST_OF_ONE: Final = 4
"""The most streams of a process, and of one person. Other pages ask rarely instead."""
RETRY: Final = messages.retry(5000)
HEARTBEAT: Final = b": \n\n"


class Follower:
    """An open page. `mark` is the mark (`selectors.marks_of`) of what the page shows."""

    __slots__ = ("delay_ms", "mark", "wake")

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.delay_ms: int | None = None
        self.wake = asyncio.Event()


class JoinPages:
    """The open pages of people who want to come in, for use in one event loop."""

    def __init__(self) -> None:
        self._pages: dict[str, set[Follower]] = defaultdict(set)
        self._threads = Threads(1)
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False
        self.queries = 0

    @property
    def count(self) -> int:
        return sum(map(len, self._pages.values()))

    def end_streams(self) -> None:
        """End all streams, because the process stops. Browsers connect again after some seconds."""
        self._is_ending = True
        for followers in self._pages.values():
            for one in followers:
                one.wake.set()

    async def serve(self, ticket: str, mark: str, receive: Receive, send: Send) -> None:
        """Serve the stream of the person with this ticket, until something differs from `mark` for them.

        Respond with 204 if nobody has this ticket, so that the browser does not connect again. Respond with
        429 if there are too many streams.
        """
        if self.count >= MOST_PAGES or len(self._pages.get(ticket, ())) >= MOST_OF_ONE or self._is_ending:
            return await _refuse(send, 429)
        marks = await self._threads.run(selectors.marks_of, [ticket])
        if ticket not in marks:
            return await _refuse(send, 204)
        follower = Follower(mark)
        if marks[ticket] != mark:
            follower.delay_ms = 0
            follower.wake.set()
        self._pages[ticket].add(follower)
        self._start()
        disconnect = asyncio.create_task(_until_disconnect(receive, follower))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": messages.HEADERS})
            await send(_body(RETRY))
            await self._follow(follower, disconnect, send)
        finally:
            disconnect.cancel()
            self._pages[ticket].discard(follower)
            if not self._pages[ticket]:
                del self._pages[ticket]
            if not self._pages and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _follow(self, follower: Follower, disconnect: asyncio.Task[None], send: Send) -> None:
        while not follower.wake.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(follower.wake.wait(), HEARTBEAT_EVERY_S)
            if not follower.wake.is_set():
                await send(_body(HEARTBEAT))
        if disconnect.done():
            return
        last = b""
        if follower.delay_ms is not None:
            last = messages.message(CHANGED, str(follower.delay_ms))
        with contextlib.suppress(OSError):  # the client has already disconnected
            await send(_body(last, more=False))

    def _start(self) -> None:
        if self._task is None:
            # In a new context: the task outlives the request that starts it.
            self._task = asyncio.create_task(self._look(), context=contextvars.Context())

    async def _look(self) -> None:
        seen_at = clock.monotonic() - SEEN_EVERY_S
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
                if clock.monotonic() - seen_at >= SEEN_EVERY_S:
                    seen_at = clock.monotonic()
                    await self._threads.run(actions.seen, list(self._pages))
            except database_outage.ERRORS as error:
                if not database_outage.is_outage(error):
                    raise
                database_outage.of_process.note(error)

    async def look(self) -> None:
        """Compare all open pages with the database, and wake those for which something changed."""
        tickets = list(self._pages)
        self.queries += 1
        marks = await self._threads.run(selectors.marks_of, tickets)
        changed = [
            one for ticket in tickets for one in self._pages.get(ticket, ()) if one.mark != marks.get(ticket)
        ]
        spread_ms = min(LONGEST_SPREAD_MS, 1000 * len(changed) // RELOADS_PER_S)
        for one in changed:
            one.delay_ms = random.randint(0, spread_ms)
            one.wake.set()


async def _until_disconnect(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.wake.set()


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_body(b"", more=False))


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": more}
