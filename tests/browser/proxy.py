"""A reverse proxy that serves the dashboard under a path of a host, such as /classes."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.browser.school import eventually

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# A proxy doesn't forward these: they belong to one connection.
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


@dataclass(frozen=True)
class Exchange:
    """One request and the answer's status and cookies."""

    method: str
    path: str
    status: int
    set_cookies: list[str]


@dataclass
class PrefixProxy:
    """Forward requests for paths under `prefix` to the dashboard at `target` and record them all.

    The prefix is removed from the path, or kept with `keeps_prefix`. Other paths are answered with 404, as if
    another program had the rest of the host.
    """

    prefix: str
    target: int
    keeps_prefix: bool = False
    port: int = 0
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the dashboard behind the proxy, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    async def answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode()
        if f"{path}/".startswith(f"{self.prefix}/"):
            answer = await run_in_threadpool(self._forward, request, path, await request.body())
            headers = [(n.lower().encode(), v.encode("latin-1")) for n, v in answer.raw.headers.iteritems()]
            response: Response = StreamingResponse(_body(answer), status_code=answer.status_code)
            response.raw_headers = [(n, v) for n, v in headers if n.decode() not in OF_ONE_CONNECTION]
        else:
            response = PlainTextResponse("Another program has this address.", status_code=404)
        cookies = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
        self.exchanges.append(Exchange(request.method, path, response.status_code, cookies))
        return response

    def _forward(self, request: Request, path: str, body: bytes) -> requests.Response:
        rest = path if self.keeps_prefix else path.removeprefix(self.prefix) or "/"
        query = f"?{request.url.query}" if request.url.query else ""
        headers = [(n, v) for n, v in request.headers.items() if n not in OF_ONE_CONNECTION]
        with requests.Session() as session:
            session.trust_env = False
            session.headers.clear()
            return session.request(
                request.method, f"http://127.0.0.1:{self.target}{rest}{query}",
                headers=dict(headers), data=body, stream=True, allow_redirects=False, timeout=60,
            )  # fmt: skip


async def _body(answer: requests.Response) -> AsyncIterator[bytes]:
    """Return the body as it was sent, in the chunks that arrive."""
    try:
        async for chunk in iterate_in_threadpool(answer.raw.stream(65536, decode_content=False)):
            yield chunk
    finally:
        answer.close()


@contextmanager
def prefix_proxy(prefix: str, target: int, *, keeps_prefix: bool = False) -> Iterator[PrefixProxy]:
    """Run a `PrefixProxy` in a thread, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    proxy = PrefixProxy(prefix, target, keeps_prefix, listening.getsockname()[1])
    app = Starlette(routes=[Route("/{path:path}", proxy.answer, methods=METHODS)])
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="none", server_header=False, date_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield proxy
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
