"""A bucket that speaks enough of S3 over HTTP for the storage: put, head, get with a range, delete."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Bucket:
    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Range of each request."""
    status: int = 0
    """What to answer everything with; 0: as it should be."""


def _unchunked(body: bytes) -> bytes:
    """The content of an `aws-chunked` body: sizes in hex between the pieces, trailers at the end."""
    pieces = []
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        if size == 0:
            break
        pieces.append(body[:size])
        body = body[size + 2 :]
    return b"".join(pieces)


def _handler(bucket: Bucket) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            status = bucket.status or status
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _note(self) -> str:
            bucket.asked.append((self.command, self.path, self.headers.get("Range", "")))
            return self.path.split("?")[0]

        def do_PUT(self) -> None:
            path = self._note()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "aws-chunked" in self.headers.get("Content-Encoding", ""):
                body = _unchunked(body)
            bucket.objects[path] = body
            self._answer(200, ETag='"e"')

        def do_HEAD(self) -> None:
            body = bucket.objects.get(self._note())
            self._answer(404 if body is None else 200, Content_Length=str(len(body or b"")))

        def do_GET(self) -> None:
            body = bucket.objects.get(self._note())
            if body is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                return
            found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if found is None:
                self._answer(200, body)
                return
            first, last = int(found[1]), int(found[2])
            self._answer(206, body[first : last + 1], Content_Range=f"bytes {first}-{last}/{len(body)}")

        def do_DELETE(self) -> None:
            bucket.objects.pop(self._note(), None)
            self._answer(204)

    return Handler


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(bucket))
    bucket.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
