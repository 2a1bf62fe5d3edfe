"""A receiver of webhooks on loopback, which verifies every message with the library of Standard Webhooks."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Received:
    """A message as it arrived. `is_valid` says whether the signature is right for one of the secrets."""

    number: str
    headers: dict[str, str]
    text: str
    is_valid: bool

    @property
    def content(self) -> Any:
        return json.loads(self.text)


@dataclass
class Receiver:
    """What a running receiver knows and does. `answer` decides the status and the body of the next answers.

    `before_answer` is called when a message has arrived.
    """

    host: str = "127.0.0.1"
    port: int = 0
    secret: str = ""
    answer: tuple[int, bytes] = (204, b"")
    headers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[Received], None] = lambda one: None
    received: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    @property
    def numbers(self) -> list[str]:
        return [one.number for one in self.received]

    @property
    def types(self) -> list[str]:
        return [one.content["type"] for one in self.received]

    def take(self, headers: dict[str, str], body: bytes) -> Received:
        is_valid = False
        if self.secret:
            try:
                Webhook(self.secret).verify(body, headers)
                is_valid = True
            except WebhookVerificationError:
                is_valid = False
        one = Received(headers.get("webhook-id", ""), headers, body.decode(), is_valid)
        with self.lock:
            self.received.append(one)
        self.before_answer(one)
        return one


@contextmanager
def running_receiver(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    """Run a receiver during this block."""
    receiver = Receiver(host=host)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
            status, content = receiver.answer
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that breaks the connection is a part of the tests

    server = Server((host, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
