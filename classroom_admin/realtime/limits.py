"""Limit how many streams a session and an account may keep open, and give all people a fair turn."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Generic, TypeVar

STREAMS_PER_SESSION: Final = 30
STREAMS_PER_ACCOUNT: Final = 60
"""The maximum number of streams in a process. A browser keeps four, or with HTTP/2 one per window."""
FILTERED_LISTS_PER_ACCOUNT: Final = 8
"""The maximum number of different filtered lists of classes that an account may keep open in one process."""
RETRY_AFTER_S: Final = 30

Item = TypeVar("Item", bound=Hashable)


class TooMany(Exception):
    """The error if a session or account has too many streams or filtered lists."""


class StreamLimits:
    """The streams that are open or being opened, by session and by account."""

    def __init__(self) -> None:
        self._sessions: Counter[str] = Counter()
        self._accounts: Counter[int] = Counter()
        self._turns: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @contextmanager
    def of_session(self, key: str) -> Iterator[None]:
        """Count a stream of this session during the block. Raise ``TooMany`` at the limit."""
        with _counted(self._sessions, key, most=STREAMS_PER_SESSION):
            yield

    @contextmanager
    def of_account(self, user_id: int) -> Iterator[None]:
        """Count a stream of this account during the block. Raise ``TooMany`` at the limit."""
        with _counted(self._accounts, user_id, most=STREAMS_PER_ACCOUNT):
            yield

    @asynccontextmanager
    async def turn(self, owner: Hashable) -> AsyncIterator[None]:
        """Open the streams of a session or an account one after the other.

        So they delay the streams of others by at most one of them.
        """
        lock, users = self._turns.get(owner, (asyncio.Lock(), 0))
        self._turns[owner] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            _lock, users = self._turns.pop(owner)
            if users > 1:
                self._turns[owner] = lock, users - 1


class FairQueue(Generic[Item]):
    """A queue that takes one item of each owner in turn. An item that already waits is not added again."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[Item, None]] = {}
        self._turns: deque[int] = deque()

    def __len__(self) -> int:
        return sum(len(items) for items in self._waiting.values())

    def add(self, owner: int, item: Item) -> None:
        if owner not in self._waiting:
            self._waiting[owner] = {}
            self._turns.append(owner)
        self._waiting[owner][item] = None

    def take(self) -> tuple[int, Item]:
        """Remove and return the next item with its owner. Raise ``IndexError`` if the queue is empty."""
        owner = self._turns.popleft()
        items = self._waiting[owner]
        item = next(iter(items))
        del items[item]
        if items:
            self._turns.append(owner)
        else:
            del self._waiting[owner]
        return owner, item


@contextmanager
def _counted(counter: Counter[Item], key: Item, *, most: int) -> Iterator[None]:
    if counter[key] >= most:
        raise TooMany
    counter[key] += 1
    try:
        yield
    finally:
        counter[key] -= 1
        if not counter[key]:
            del counter[key]
