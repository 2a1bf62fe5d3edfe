"""Open N streams in one process, and report when each stream received each version.

`live_subscribers.py PORT PATH SESSIONS N` prints "ready" when every stream has its first event. Each line on
standard input is a version. For each, the program prints a JSON line: the `times` when the streams received
it (s since 1970), the message's `bytes`, and how many streams were `lost`. An empty line ends the program.
"""

import asyncio
import itertools
import json
import sys
import time

AT_ONCE = 100


class Page(asyncio.Protocol):
    """A connection that receives one stream."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.greeted = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(next(self.crowd.requests))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.time()
        at = data.find(b"\nid: ") + 1 or (0 if data.startswith(b"id: ") else -1)
        if at >= 0:
            version = data[at + 4 : data.index(b"\n", at)].decode()
            self.crowd.arrivals.setdefault(version, []).append(now)
            self.crowd.sizes[version] = len(data)
        if not self.greeted.done() and b"event: hello" in data:
            self.greeted.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.crowd.lost += 1
        if not self.greeted.done():
            self.greeted.set_exception(error or ConnectionError("refused"))


class Crowd:
    """All streams of this process."""

    def __init__(self, port: int, path: str, sessions: list[str], count: int) -> None:
        self.port, self.count = port, count
        self.requests = itertools.cycle(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={session}\r\n\r\n".encode()
            for session in sessions
        )
        self.arrivals: dict[str, list[float]] = {}
        self.sizes: dict[str, int] = {}
        self.lost = 0
        self.pages: list[Page] = []

    async def enter(self) -> None:
        loop = asyncio.get_running_loop()
        for start in range(0, self.count, AT_ONCE):
            wanted = min(AT_ONCE, self.count - start)
            made = [loop.create_connection(lambda: Page(self), "127.0.0.1", self.port) for _ in range(wanted)]
            pages = [page for _, page in await asyncio.gather(*made)]
            await asyncio.gather(*(page.greeted for page in pages))
            self.pages += pages

    async def answer(self, version: str) -> dict[str, object]:
        until = time.monotonic() + 20
        while len(self.arrivals.get(version, ())) < self.count - self.lost and time.monotonic() < until:
            await asyncio.sleep(0.01)
        times = self.arrivals.get(version, [])
        return {"times": times, "bytes": self.sizes.get(version, 0), "lost": self.lost}


async def main() -> None:
    port, path, sessions, count = sys.argv[1:]
    crowd = Crowd(int(port), path, sessions.split(","), int(count))
    await crowd.enter()
    print("ready", flush=True)
    while version := (await asyncio.to_thread(sys.stdin.readline)).strip():
        print(json.dumps(await crowd.answer(version)), flush=True)


asyncio.run(main())
