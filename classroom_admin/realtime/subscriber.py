"""A queue of messages for one open page, for use in one event loop."""

import asyncio
from collections import deque
from typing import Final, NamedTuple

from classroom_admin.accounts.permissions import Permission
from classroom_admin.realtime.rights import Right

MOST_MESSAGES: Final = 64
MOST_BYTES: Final = 2_000_000
"""The maximum size of a page's queue in bytes. A single message may be larger, for a long list of classes."""


class Viewers(NamedTuple):
    """The people who get the same fragments of a class page: they have the same language and rights."""

    language: str
    rights: frozenset[Permission]


class Subscriber:
    """A bounded queue of messages for a page. If the page reads too slowly, it is cut off and reconnects."""

    __slots__ = ("_bytes", "_queue", "_waiting", "is_cut", "is_over", "language", "right", "task", "viewers")

    def __init__(self, right: Right, *, language: str) -> None:
        self.right = right
        self.language = language
        self.viewers = Viewers(language, right.of_class_page)
        self.task: asyncio.Task[None] | None = None
        self.is_cut = False
        self.is_over = False
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._waiting: asyncio.Future[None] | None = None

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def push(self, message: bytes) -> None:
        """Add a message to the queue. Cut the page off if the queue is full."""
        if self.is_over:
            return
        full = len(self._queue) >= MOST_MESSAGES or (self._queue and self._bytes + len(message) > MOST_BYTES)
        if full:
            self.cut_off()
            return
        self._queue.append(message)
        self._bytes += len(message)
        self._wake()

    def finish(self, last: bytes | None = None) -> None:
        """End the stream after the queued messages and `last` are sent."""
        if last is not None:
            self.push(last)
        self.is_over = True
        self._wake()

    def cut_off(self) -> None:
        """End the stream immediately and discard the queued messages."""
        self.is_cut = self.is_over = True
        self._queue.clear()
        self._bytes = 0
        self._wake()
        if self.task is not None:
            self.task.cancel()

    async def next(self) -> bytes | None:
        """Wait for the next bytes to send and return them. Return None if the stream is over."""
        while not self._queue:
            if self.is_over:
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        # Join all queued messages, so that a burst costs one system call.
        chunk = self._queue.popleft() if len(self._queue) == 1 else b"".join(self._queue)
        self._queue.clear()
        self._bytes = 0
        return chunk

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
