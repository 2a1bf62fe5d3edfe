"""Run a simulator during a block of a test, in its own thread and on a free loopback port."""

import asyncio
import contextlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.server import SimulatorServer
from classroom_admin.simulator.settings import SimulatorSettings
from classroom_admin.simulator.world import World

Result = TypeVar("Result")
_START_S = 10


class ControlFailed(Exception):
    """Raised if a control call fails. ``status`` is the HTTP status of the response."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class RunningSimulator:
    """A simulator that listens on ``base_url``.

    ``control`` calls ``/_sim`` over HTTP. ``do`` runs a function in the thread of the server.
    """

    def __init__(self, server: SimulatorServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server, self._loop = server, loop

    @property
    def base_url(self) -> str:
        return self._server.base_url

    @property
    def cloud(self) -> Cloud:
        return self._server.cloud

    @property
    def world(self) -> World:
        """Return the state of the cloud.

        Only read simple values. To make changes, use ``do`` or ``control``.
        """
        return self.cloud.world

    @property
    def app_id(self) -> str:
        return self.cloud.settings.app_id

    @property
    def app_certificate(self) -> str:
        return self.cloud.settings.app_certificate

    def do(self, work: Callable[[World], Result]) -> Result:
        """Run ``work(world)`` in the thread of the server, and return its result.

        The server runs it between two requests, after it has run all scheduled effects that are due.
        """

        async def run() -> Result:
            while not self.cloud.tick():
                await asyncio.sleep(0)
            return work(self.world)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_START_S)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a control call, for example ``control("POST", "/clock", {"step": 1000})``.

        Raise ControlFailed if it fails.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/_sim{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with _opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ControlFailed(error.code, error.read().decode()) from None

    def room(self, room_uuid: str, action: str, **body: Any) -> Any:
        """Send a control call for a room, for example ``room("class 1", "enter", userUuid="p1")``."""
        return self.control("POST", f"/rooms/{quote(room_uuid, safe='')}/{action}", body)

    def make_room(self, room_uuid: str, **body: Any) -> Any:
        return self.control("POST", "/rooms", {"roomUuid": room_uuid, **body})

    def step(self, milliseconds: int) -> Any:
        return self.control("POST", "/clock", {"step": milliseconds})

    def fault(self, kind: str, **settings: Any) -> int:
        """Add a fault and return its id. The settings are the fields of ``POST /_sim/faults``."""
        return int(self.control("POST", "/faults", {"kind": kind, **settings}).get("id", 0))

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def oracle(self, **query: Any) -> Any:
        text = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        return self.control("GET", f"/oracle?{text}")


RUNNING: dict[str, RunningSimulator] = {}
"""The running simulators of this process, by base URL."""
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def running_simulator(*, host: str = "127.0.0.1", **settings: Any) -> Iterator[RunningSimulator]:
    """Run a simulator in this block, for example ``with running_simulator(seed=1, stepped=True) as sim:``.

    Other machines can reach it at a ``host`` that is not loopback. Use that only in a network of the test.
    """
    server = SimulatorServer(SimulatorSettings(**settings), host=host, expose=host != "127.0.0.1")
    server.bind()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(server.serve(ready.set))
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    try:
        if not ready.wait(_START_S):
            raise RuntimeError("the simulator did not start")
        running = RUNNING[server.base_url] = RunningSimulator(server, loop)
        yield running
    finally:
        RUNNING.pop(server.base_url, None)
        server.stop()
        thread.join(_START_S)
