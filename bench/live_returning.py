"""Simulate many open pages that reconnect by the rules of the page's own script (static/js/stream.js).

`live_returning.py PORT PATH SESSIONS N` expects a PATH that includes `?v=…`. It prints "ready" when every
page has its stream and knows the period over which pages reconnect. Each line on standard input is a
version. For each line, the program prints one JSON line with three values. `lost` is when the last page
lost its stream (s since 1970). `back` lists when each page received the version over a new stream. `asking`
is how many pages switched to polling, as pages do after three failures. An empty line ends the program.
"""

import asyncio
import itertools
import json
import random
import re
import sys
import time

AT_ONCE = 100
FAILURES = 3
LONGEST_WAIT_S = 30.0
AGAIN_S = 10.0
SPREAD = re.compile(rb'"spread":([\d.]+)')
VERSION = re.compile(rb"^id: (\S+)$", re.MULTILINE)


class Page:
    """A simulated page that keeps a stream open and reconnects when the stream ends."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.session = next(crowd.sessions)
        self.version = crowd.version
        self.spread = 1.0
        self.tries = self.failures = 0
        self.greeted = asyncio.Event()
        self.told_the_spread = asyncio.Event()

    async def live(self) -> None:
        while True:
            held = await self.hold()
            if held:
                self.crowd.lost = time.time()
            else:
                self.failures += 1
            if self.failures >= FAILURES:
                self.crowd.asking += 1
                self.failures = 0
                await asyncio.sleep(AGAIN_S * (1 + random.random()))
                continue
            longest = min(LONGEST_WAIT_S, max(self.spread, 2**self.tries))
            self.tries += 1
            await asyncio.sleep(0.2 + random.random() * longest)

    async def hold(self) -> bool:
        """Keep a stream until it ends; return whether the event `hello` arrived."""
        greeted = False
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.crowd.port)
        except OSError:
            return False
        try:
            writer.write(self.crowd.request(self.session, self.version))
            while data := await reader.read(65536):
                if b"event: hello" in data:
                    greeted = True
                    self.tries = self.failures = 0
                    self.greeted.set()
                if told := SPREAD.findall(data):
                    self.spread = float(told[-1])
                    self.told_the_spread.set()
                if told := VERSION.findall(data):
                    self.version = told[-1].decode()
                    self.crowd.arrivals.setdefault(self.version, []).append(time.time())
                if greeted and data.endswith(b"0\r\n\r\n"):
                    break
        except OSError:
            return greeted
        finally:
            writer.close()
        return greeted


class Crowd:
    """All simulated pages of this process."""

    def __init__(self, port: int, path: str, sessions: list[str], count: int) -> None:
        self.port, self.count = port, count
        self.path, _, self.version = path.rpartition("?v=")
        self.sessions = itertools.cycle(sessions)
        self.lost = 0.0
        self.asking = 0
        self.arrivals: dict[str, list[float]] = {}
        self.lives: list[asyncio.Task[None]] = []

    def request(self, session: str, version: str) -> bytes:
        head = f"GET {self.path}?v={version} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        return f"{head}Cookie: sessionid={session}\r\n\r\n".encode()

    async def enter(self) -> None:
        opened: list[Page] = []
        for start in range(0, self.count, AT_ONCE):
            pages = [Page(self) for _ in range(min(AT_ONCE, self.count - start))]
            self.lives += [asyncio.create_task(page.live()) for page in pages]
            await asyncio.gather(*(page.greeted.wait() for page in pages))
            opened += pages
        for page in opened:
            page.told_the_spread.clear()  # the first value was for fewer pages
        async with asyncio.timeout(60):
            await asyncio.gather(*(page.told_the_spread.wait() for page in opened))

    async def answer(self, version: str) -> dict[str, object]:
        until = time.monotonic() + 90
        while len(self.arrivals.get(version, ())) < self.count and time.monotonic() < until:
            await asyncio.sleep(0.02)
        return {"lost": self.lost, "back": self.arrivals.get(version, []), "asking": self.asking}


async def main() -> None:
    port, path, sessions, count = sys.argv[1:]
    crowd = Crowd(int(port), path, sessions.split(","), int(count))
    await crowd.enter()
    print("ready", flush=True)
    while version := (await asyncio.to_thread(sys.stdin.readline)).strip():
        print(json.dumps(await crowd.answer(version)), flush=True)


asyncio.run(main())
