"""The product's ASGI application under a real uvicorn in a thread, and readers of its streams."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn
from django.core.asgi import get_asgi_application

from classroom_admin.realtime.hub import Hub
from classroom_admin.realtime.middleware import RealtimeMiddleware
from classroom_admin.web.channels import make_hub

Result = TypeVar("Result")
PATIENCE_S = 20


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: str
    id: str
    size: int

    @property
    def facts(self) -> Any:
        return json.loads(self.data)


class Server:
    """A running server: `port`, its `front`, and a way to run things in its loop."""

    def __init__(self, *, hub: Callable[[], Hub] = make_hub, **options: Any) -> None:
        self.front = RealtimeMiddleware(get_asgi_application(), make_hub=hub)
        self._is_stopping = False
        self.loop = asyncio.new_event_loop()
        options = {"timeout_graceful_shutdown": 1, **options}
        config = uvicorn.Config(
            self.front, host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none", **options
        )
        self._uvicorn = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until(lambda: self._uvicorn.started)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._uvicorn.serve(sockets=[self._socket]))
        if self._is_stopping:
            self.loop.run_until_complete(self.hub.close())

    @property
    def hub(self) -> Hub:
        return self.front.hub

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine, run in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def begin_to_stop(self) -> None:
        """Do what SIGTERM does."""
        self._is_stopping = True
        self._uvicorn.should_exit = True

    @property
    def has_stopped(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        if not self._is_stopping:
            self.do(self.hub.close())
        self._uvicorn.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.loop.close()


@contextmanager
def running_server(**options: Any) -> Iterator[Server]:
    server = Server(**options)
    try:
        yield server
    finally:
        server.stop()


def until(is_so: Callable[[], Any], *, within_s: float = PATIENCE_S) -> Any:
    """The first true value of ``is_so()``; AssertionError when none came in time."""
    deadline = time.monotonic() + within_s
    while not (value := is_so()):
        assert time.monotonic() < deadline, f"still not so after {within_s} s (last seen: {value!r})"
        time.sleep(0.01)  # between two looks; the deadline above decides
    return value


class Reader:
    """A page that reads a stream. `headers` are the answer's; each event is read within the patience."""

    def __init__(self, server: Server, path: str, session_key: str, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        self._connection.request("GET", path, headers={"Cookie": f"sessionid={session_key}", **headers})
        self.answer = self._connection.getresponse()
        self.status = self.answer.status
        self.headers = {name.lower(): value for name, value in self.answer.getheaders()}
        self.version = ""

    def event(self, name: str = "") -> Event | None:
        """The next event (of this name: others are passed over); None when the stream has ended."""
        while True:
            found = self._event()
            if found is None or not name or found.name == name:
                return found

    def _event(self) -> Event | None:
        told, data, marked, size = "message", [], "", 0
        while line := self.answer.readline():
            size += len(line)
            words = line.decode().rstrip("\n")
            field, _, value = words.partition(": ")
            if field == "event":
                told = value
            elif field == "data":
                data.append(value)
            elif field == "data:":
                data.append("")
            elif field == "id":
                self.version = marked = value
            elif not words and data:
                return Event(told, "\n".join(data), marked, size)
        return None

    def lines_to_the_end(self) -> list[str]:
        """Every line until the server ends the stream."""
        return [line.decode().rstrip("\n") for line in self.answer]

    def hello(self) -> Event:
        found = self.event("hello")
        assert found is not None
        return found

    def changes(self) -> Event:
        """The next message with something new in it."""
        found = self.event("changes")
        assert found is not None, "the stream ended"
        return found

    def end(self) -> str:
        """The reason that the stream's last event gives; what came before it is passed over."""
        found = self.event("end")
        assert found is not None, "the stream ended without a word"
        assert self.event() is None
        return found.data

    def close(self) -> None:
        if self.answer.fp is not None:
            self.answer.close()
        if self._connection.sock is not None:
            self._connection.sock.close()
        self._connection.close()
