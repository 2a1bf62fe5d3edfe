"""A small HTTP server that stands for ntfy and for a Matrix server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class ChatServer:
    """`requests` has the method, path, token and body of each request. `status` is that of the answers."""

    address: str = ""
    requests: list[tuple[str, str, str, Any]] = field(default_factory=list)
    status: int = 200
    location: str = ""

    @property
    def bodies(self) -> list[Any]:
        return [body for _method, _path, _token, body in self.requests]


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            token = self.headers.get("Authorization", "")
            server.requests.append((self.command, self.path, token, body))
            known = {"room_id": "!staff:school.test", "user_id": "@dashboard:school.test", "event_id": "$1"}
            content = json.dumps(known).encode()
            self.send_response(server.status)
            if server.location:
                self.send_header("Location", server.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        server.address = f"http://127.0.0.1:{http.server_address[1]}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join(30)
