"""A TCP proxy between browser and dashboard that a test can interrupt, or let buffer answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Wire:
    """Forwards TCP from `port` to the dashboard. `cut()` breaks what is open; `down` refuses new connections;
    `clogged` lets requests for streams through and none of their answers.
    """

    def __init__(self, target: int) -> None:
        self.down = False
        self.clogged = False
        self.port = 0
        self.streams = 0
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        self.down = True
        self._loop.call_soon_threadsafe(self._cut)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        """Cancel the connections that are still open, so that the loop can close."""
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, back}
        seen: list[bytes] = []
        try:
            await asyncio.gather(
                self._pass(reader, back, seen), self._pass(there, writer, seen, answers=True)
            )
        except OSError:
            pass  # cut
        finally:
            self._open -= {writer, back}
            writer.transport.abort()
            back.transport.abort()

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        seen: list[bytes],
        *,
        answers: bool = False,
    ) -> None:
        while chunk := await source.read(65536):
            if not answers:
                seen[:] = [chunk]
                self.streams += b"/stream?" in chunk
            elif self.clogged and seen and b"/stream?" in seen[0]:
                continue
            sink.write(chunk)
            await sink.drain()
        sink.close()


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    wire = Wire(port)
    try:
        yield wire
    finally:
        wire.close()
