"""A reverse proxy for tests that can be configured wrongly while it runs."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass
class Proxy:
    """The proxy's port, the port behind it, and its configuration."""

    port: int
    upstream: int = 0
    forwarded_for: str = "overwrite"  # or: append, pass, remove
    scheme: str = "http"
    host: str = ""
    forwarded_host: str = "overwrite"  # or: pass
    buffers: bool = False
    largest_body: int = 300_000_000
    hangs: bool = False
    stopped: Event = field(default_factory=Event)


@contextmanager
def running_proxy() -> Iterator[Proxy]:
    proxy = Proxy(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if proxy.hangs:
                proxy.stopped.wait()
                self.close_connection = True
                return
            length = int(self.headers.get("Content-Length", 0))
            if length > proxy.largest_body:
                self.send_error(413)
                self.close_connection = True
                return
            body = self.rfile.read(length)
            upstream = http.client.HTTPConnection("127.0.0.1", proxy.upstream, timeout=30)
            try:
                upstream.request(self.command, self.path, body or None, self._headers())
                self._respond(upstream.getresponse())
            finally:
                upstream.close()

        do_POST = do_GET

        def _headers(self) -> dict[str, str]:
            found = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            client, given = self.client_address[0], found.pop("X-Forwarded-For", "")
            named = {
                "overwrite": client,
                "append": f"{given}, {client}".removeprefix(", "),
                "pass": given,
                "remove": "",
            }[proxy.forwarded_for]
            if named:
                found["X-Forwarded-For"] = named
            if proxy.forwarded_host == "overwrite":
                found["X-Forwarded-Host"] = found["Host"]
            if proxy.host:
                found["Host"] = found["X-Forwarded-Host"] = proxy.host
            return found | {"X-Forwarded-Proto": proxy.scheme}

        def _respond(self, answer: http.client.HTTPResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*HOP_BY_HOP, "content-length"}:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            if proxy.buffers:
                self.wfile.write(answer.read())
            else:
                while part := answer.read1(65536):
                    self.wfile.write(part)
                    self.wfile.flush()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(30)
