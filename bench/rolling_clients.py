"""Pages with streams, and people who request pages, in front of several web processes."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

SPREAD = re.compile(rb'"spread":([\d.]+)')
VERSION = re.compile(rb"^id: (\S+)$", re.MULTILINE)
REQUESTERS = 8
READS_S = 2.0
"""How long a person looks at a page before the next request."""
FAILURES = 3
LONGEST_WAIT_S = 30.0
AGAIN_S = 10.0
TIMEOUT_S = 60.0
CONNECT_S = 2.0
SILENCE_S = 16.0
"""A page opens its stream again if it has received nothing for this time, as static/js/stream.js does."""
AT_ONCE = 4
OPEN_WITHIN_S = 180.0


class Refused(Exception):
    """No web process accepts connections."""


@dataclass
class Clients:
    """Everything that talks to the web processes at `servers`, which are hosts and ports.

    `answers` counts the requests by status, or by what went wrong. `returns` has, for each stream that ended,
    after how many seconds it was back, and how long the page may wait by the rules of static/js/stream.js.
    `again` counts the requests whose connection ended before the answer began, and that the next server got.
    """

    servers: list[tuple[str, int]]
    sessions: list[str]
    keys: list[str]
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    returns: list[tuple[float, float]] = field(default_factory=list)
    polled: int = 0
    again: int = 0
    _pages: list[Page] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def begin(self, *, streams: int) -> None:
        """Open all streams, and begin to request pages."""
        paths = itertools.cycle(
            ["/live/classes/stream", *(f"/live/classes/{key}/stream" for key in self.keys)]
        )
        session = itertools.cycle(self.sessions)
        self._pages = [Page(self, number, next(paths), next(session)) for number in range(streams)]
        for start in range(0, streams, AT_ONCE):
            part = self._pages[start : start + AT_ONCE]
            self._tasks += [asyncio.create_task(page.live()) for page in part]
            await asyncio.wait_for(asyncio.gather(*(page.open.wait() for page in part)), OPEN_WITHIN_S)
        self._tasks += [asyncio.create_task(self._request(number)) for number in range(REQUESTERS)]

    async def all_back(self, *, within_s: float) -> None:
        """Wait until all streams are open, or until the time is over."""
        with suppress(TimeoutError):
            waits = (page.open.wait() for page in self._pages)
            await asyncio.wait_for(asyncio.gather(*waits), within_s)

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    def silences(self, since: float) -> list[float]:
        """Return for each page its longest time (s) without a change since a moment (monotonic, s)."""
        now = time.monotonic()
        found = []
        for page in self._pages:
            moments = [since, *(at for at in page.changes if at > since), now]
            found.append(max(later - earlier for earlier, later in itertools.pairwise(moments)))
        return found

    @property
    def missing(self) -> int:
        """Return how many streams are not open."""
        return sum(not page.open.is_set() for page in self._pages)

    async def connect(self, first: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a web process, or to another one if it accepts no connection. Raise ``Refused``."""
        for number in range(len(self.servers)):
            host, port = self.servers[(first + number) % len(self.servers)]
            with suppress(OSError, TimeoutError):
                return await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_S)
        raise Refused

    async def _request(self, number: int) -> None:
        paths = itertools.cycle(
            ["/", "/healthz", f"/classes/{self.keys[number % len(self.keys)]}/", "/people/"]
        )
        session = self.sessions[number % len(self.sessions)]
        for turn in itertools.count():
            path = next(paths)
            problem = await self._ask(path, session, first=turn)
            if problem:
                self.failures.append(f"{path}: {problem}")
            self.answers[problem or "status 200"] += 1
            self.requests += 1
            await asyncio.sleep(READS_S)

    async def _ask(self, path: str, session: str, *, first: int) -> str:
        """Request a page. Return what went wrong, or ""."""
        try:
            answer = await self._answer(path, session, first=first)
            if not answer:
                self.again += 1
                answer = await self._answer(path, session, first=first + 1)
        except (Refused, TimeoutError) as error:
            return type(error).__name__
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head:
            return "the connection ended without an answer"
        status = int(head.split(b" ", 2)[1])
        if status != 200:
            return f"status {status}"
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        complete = len(body) == int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        return "" if complete else "the answer was cut off"

    async def _answer(self, path: str, session: str, *, first: int) -> bytes:
        """Return the answer of the first server that accepts the connection, as far as it arrived."""
        reader, writer = await self.connect(first)
        found = bytearray()
        try:
            writer.write(_request(path, session, close=True))
            async with asyncio.timeout(TIMEOUT_S):
                while data := await reader.read(1 << 16):
                    found += data
        except TimeoutError:
            raise
        except OSError:
            pass  # what has arrived says whether the answer had begun
        finally:
            writer.close()
        return bytes(found)


class Page:
    """A page that keeps a stream, and connects again by the rules of static/js/stream.js."""

    def __init__(self, clients: Clients, number: int, path: str, session: str) -> None:
        self.clients, self.number, self.path, self.session = clients, number, path, session
        self.open = asyncio.Event()
        self.version, self.spread = "", 1.0
        self.changes: list[float] = []
        self._lost_at: float | None = None
        self._allowed = 0.0

    async def live(self) -> None:
        tries = failures = 0
        while True:
            if await self._hold():
                tries = failures = 0
            else:
                failures += 1
            if self._lost_at is None:
                self._lost_at, self._allowed = time.monotonic(), 0.2 + max(self.spread, 1.0)
            if failures >= FAILURES:
                self.clients.polled += 1
                failures = 0
                await asyncio.sleep(AGAIN_S * (1 + random.random()))
                continue
            longest = min(LONGEST_WAIT_S, max(self.spread, 2**tries))
            tries += 1
            await asyncio.sleep(0.2 + random.random() * longest)

    async def _hold(self) -> bool:
        """Keep a stream until it ends. Return whether it began."""
        try:
            reader, writer = await self.clients.connect(self.number)
        except Refused:
            return False
        try:
            writer.write(_request(f"{self.path}?v={self.version}", self.session, close=False))
            while data := await asyncio.wait_for(reader.read(1 << 16), SILENCE_S):
                if b"event: hello" in data:
                    self._arrived()
                if found := SPREAD.findall(data):
                    self.spread = float(found[-1])
                if found := VERSION.findall(data):
                    self.version = found[-1].decode()
                    self.changes.append(time.monotonic())
                if data.endswith(b"0\r\n\r\n"):
                    break
        except (OSError, TimeoutError):
            pass  # the stream ends in either case
        finally:
            writer.close()
        held = self.open.is_set()
        self.open.clear()
        return held

    def _arrived(self) -> None:
        if self._lost_at is not None:
            self.clients.returns.append((time.monotonic() - self._lost_at, self._allowed))
            self._lost_at = None
        self.open.set()


def _request(path: str, session: str, *, close: bool) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Cookie: sessionid={session}"]
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()
