"""The simulator as a web server. It has an application, a socket, a clock and simulated outages."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from classroom_admin.simulator.chat.callbacks import CallbackSender
from classroom_admin.simulator.chat.endpoint import ChatEndpoint
from classroom_admin.simulator.cloud import Cloud
from classroom_admin.simulator.connection import AbortableProtocol
from classroom_admin.simulator.control.endpoint import ControlEndpoint
from classroom_admin.simulator.http import CloudEndpoint
from classroom_admin.simulator.notifications import NotificationSender
from classroom_admin.simulator.pictures import page_picture
from classroom_admin.simulator.recorded_files import RecordedFiles
from classroom_admin.simulator.settings import SimulatorSettings
from classroom_admin.simulator.webhook import WebhookSender

TICK_S = 0.05
logger = logging.getLogger(__name__)


class PortTaken(Exception):
    """Raised if another process listens on the port."""


class NotLoopback(Exception):
    """Raised if other machines could reach the simulator but ``expose`` is False."""


def create_app(settings: SimulatorSettings) -> Starlette:
    """Return the simulator as an ASGI application. ``app.state.cloud`` is its cloud."""
    return _app(Cloud(settings), outage=None)


def _app(cloud: Cloud, *, outage: Callable[[int], None] | None) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(cloud))
        ticking.add_done_callback(_log_stopped_clock)
        running = [ticking]
        if cloud.settings.relay_to:
            webhook = WebhookSender(url=cloud.settings.relay_to, secret=cloud.settings.relay_secret)
            running.append(asyncio.create_task(webhook.run(cloud)))
        if cloud.settings.notify_to:
            notifications = NotificationSender(
                url=cloud.settings.notify_to, secret=cloud.settings.notify_secret
            )
            running.append(asyncio.create_task(notifications.run(cloud)))
        running.append(asyncio.create_task(CallbackSender().run(cloud)))
        yield
        for task in running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app = Starlette(
        routes=[
            Mount("/_sim", app=ControlEndpoint(cloud, outage=outage)),
            Mount("/chat", app=ChatEndpoint(cloud)),
            Route("/converted/{task}/{number:int}.png", _large_page),
            Route("/converted/{task}/{number:int}_s.png", _small_page),
            Route("/recorded/{record}/{name}", RecordedFiles(cloud).answer),
        ],
        lifespan=lifespan,
    )
    # Routes do not match paths with an encoded line break, so the endpoint is the default.
    app.router.default = CloudEndpoint(cloud)
    app.state.cloud = cloud
    return app


def _large_page(request: Request) -> Response:
    return Response(page_picture(request.path_params["number"], width=1280), media_type="image/png")


def _small_page(request: Request) -> Response:
    return Response(page_picture(request.path_params["number"], width=320), media_type="image/png")


def _log_stopped_clock(ticking: asyncio.Task[None]) -> None:
    if not ticking.cancelled() and (error := ticking.exception()) is not None:
        logger.error("the simulator's clock has stopped", exc_info=error)


async def _tick(cloud: Cloud) -> None:
    while True:
        behind = cloud.clock.mode == "real" and not cloud.tick()
        await asyncio.sleep(0 if behind else TICK_S)


class _Uvicorn(uvicorn.Server):
    """A uvicorn server that stops immediately when ``leaving`` is set.

    uvicorn itself checks only every 100 ms whether to stop.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leaving = asyncio.Event()

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaving.wait(), 0.1)


class SimulatorServer:
    """A simulator that listens on one socket.

    Call ``bind`` first, then ``serve`` in an event loop. Any thread can call ``stop``.
    """

    def __init__(
        self, settings: SimulatorSettings, *, host: str = "127.0.0.1", port: int = 0, expose: bool = False
    ) -> None:
        self.cloud = Cloud(settings)
        self.host, self.port, self.expose = host, port, expose
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        app = _app(self.cloud, outage=self.outage)
        self._config = uvicorn.Config(
            app,
            http=AbortableProtocol,
            ws="none",
            log_config=None,  # the program that runs the simulator decides how records are written
            log_level="warning",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        self._uvicorn = _Uvicorn(self._config)

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def bind(self) -> None:
        """Bind the port. If it is 0, bind any free port. Raise PortTaken or NotLoopback."""
        if not self.expose and not _is_loopback(self.host):
            raise NotLoopback(self.host)
        self._socket = self._listen()
        self.port = self._socket.getsockname()[1]
        self.cloud.has_files_at(self.base_url)

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # asyncio disables Nagle only if the protocol is named; otherwise responses wait 40 ms for an ACK.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self.host, self.port))
            listening.listen(2048)
        except OSError as error:
            listening.close()
            raise PortTaken(f"{self.host}:{self.port}: {error.strerror}") from error
        listening.setblocking(False)
        return listening

    async def serve(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve requests until ``stop``, SIGTERM or SIGINT. Call ``on_ready`` when the server is ready."""
        if self._socket is None:
            self.bind()
        self._loop = asyncio.get_running_loop()
        announcing = asyncio.create_task(self._announce(on_ready))
        try:
            await self._uvicorn.serve(sockets=[self._socket] if self._socket else None)
        finally:
            announcing.cancel()
            if self._socket is not None:
                self._socket.close()

    async def _announce(self, on_ready: Callable[[], None] | None) -> None:
        while not self._uvicorn.started:
            await asyncio.sleep(0.005)
        if on_ready is not None:
            on_ready()

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._uvicorn.leaving.set)

    def outage(self, milliseconds: int) -> None:
        """Close all connections. Refuse new ones for ``milliseconds`` of real time."""
        for server in self._uvicorn.servers:
            server.close()
        for open_connection in list(self._uvicorn.server_state.connections):
            open_connection.shutdown()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        loop = asyncio.get_running_loop()
        loop.call_later(milliseconds / 1000, lambda: loop.create_task(self._listen_again()))

    async def _listen_again(self) -> None:
        if self._uvicorn.should_exit or self._socket is not None:
            return
        self._socket = self._listen()
        server = await asyncio.get_running_loop().create_server(
            self._protocol, sock=self._socket, backlog=2048
        )
        self._uvicorn.servers = [server]

    def _protocol(self) -> Any:
        state = self._uvicorn.lifespan.state
        return AbortableProtocol(
            config=self._config, server_state=self._uvicorn.server_state, app_state=state
        )


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
