"""A cloud on loopback that sends the answers of a test over real HTTP and stores the requests."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

APP_ID = "0123456789abcdef0123456789abcdef"
CERTIFICATE = "fedcba9876543210fedcba9876543210"


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Script = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        cloud: Cloud = self.server.cloud
        with cloud.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            cloud.asked.append(Asked(self.command, self.path, headers, body))
            script = cloud.scripts.pop(0) if len(cloud.scripts) > 1 else cloud.scripts[0]
        script(self)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

    def log_message(self, *args: Any) -> None:
        pass

    def give(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@dataclass
class Cloud:
    """A running server. Each request uses the next of ``scripts``; the last one stays."""

    url: str
    scripts: list[Script]
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)


def envelope(data: Any = None, *, code: int = 0, msg: str = "Success", ts: int | None = None) -> bytes:
    ts = int(time.time() * 1000) if ts is None else ts
    return json.dumps({"code": code, "msg": msg, "ts": ts, "data": data}).encode()


def answer(
    data: Any = None, *, status: int = 200, code: int = 0, msg: str = "Success", **headers: str
) -> Script:
    return lambda handler: handler.give(status, envelope(data, code=code, msg=msg), **headers)


def raw(status: int, body: bytes, **headers: str) -> Script:
    return lambda handler: handler.give(status, body, **headers)


def cut_off(sent: bytes, *, promised: int) -> Script:
    """Announce more bytes than are sent, then close the connection."""

    def script(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(promised))
        handler.end_headers()
        handler.wfile.write(sent)
        handler.wfile.flush()
        handler.close_connection = True

    return script


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def stall(cloud_of: Callable[[], Cloud], *, sent: bytes = b"", promised: int = 0) -> Script:
    """Send nothing (or only ``sent``) until the test ends."""

    def script(handler: Handler) -> None:
        if promised:
            handler.send_response(200)
            handler.send_header("Content-Length", str(promised))
            handler.end_headers()
            handler.wfile.write(sent)
            handler.wfile.flush()
        cloud_of().released.wait(30)
        handler.close_connection = True

    return script


@contextlib.contextmanager
def running_cloud(*scripts: Script) -> Iterator[Cloud]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    cloud = Cloud(url=f"http://127.0.0.1:{server.server_port}", scripts=list(scripts) or [answer()])
    server.cloud = cloud  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        cloud.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.contextmanager
def refusing_address() -> Iterator[str]:
    """Give an address that refuses every connection: nothing listens on its port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
