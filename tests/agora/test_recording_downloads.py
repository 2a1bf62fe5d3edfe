"""Opening the files of recordings: which addresses, redirects and answers are accepted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from classroom_admin.agora import recording_downloads
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.recording_downloads import FileUnavailable, exists, open_file, read_playlist

CONTENT = bytes(range(256)) * 1000


class Storage(BaseHTTPRequestHandler):
    """A storage service with a file, redirects and errors."""

    seen: list[dict[str, str]] = []

    def do_HEAD(self) -> None:
        if self.path == "/only-get.mp4":
            return self.answer(403)
        return self.do_GET()

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, "method": self.command, **dict(self.headers)})
        parts = urlsplit(self.path)
        if parts.path == "/to":
            return self.answer(302, Location=parts.query)
        status = {"/gone.mp4": 404, "/410.mp4": 410, "/refused.mp4": 403, "/broken.mp4": 500}.get(
            parts.path, 200
        )
        more = {"Content-Encoding": "gzip"} if parts.path == "/packed.mp4" else {}
        body = b"#EXTM3U\na.ts\n" if parts.path == "/a.m3u8" else CONTENT
        return self.answer(status, body, **more)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def storage() -> Iterator[str]:
    Storage.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Storage)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    recording_downloads.close_connections()


@pytest.fixture
def config(storage: str) -> CloudConfig:
    """A cloud on the host and port of the storage, as a simulator is."""
    return CloudConfig(base_url=storage, fallback_url="", app_id="a" * 32, app_certificate="b" * 32)


def test_file_is_read_in_pieces_without_token_and_cookies(storage: str, config: CloudConfig) -> None:
    opened = open_file(config, f"{storage}/a.mp4", headers={"Range": "bytes=0-9", "Cookie": "s=1"})
    assert opened.read(1000) == CONTENT[:1000]
    assert opened.headers["content-length"] == str(len(CONTENT))
    opened.close()
    (seen,) = Storage.seen
    assert seen["Range"] == "bytes=0-9"
    assert not {"Cookie", "Authorization"} & set(seen)
    assert seen["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("gone.mp4", True),
        ("410.mp4", True),
        ("refused.mp4", False),
        ("broken.mp4", False),
        ("packed.mp4", False),
    ],
)
def test_errors_say_whether_the_file_is_gone(
    storage: str, config: CloudConfig, path: str, gone: bool
) -> None:
    with pytest.raises(FileUnavailable) as error:
        open_file(config, f"{storage}/{path}")
    assert error.value.gone is gone
    assert storage not in str(error.value)


def test_existence_is_asked_without_reading(storage: str, config: CloudConfig) -> None:
    assert exists(config, f"{storage}/a.mp4")
    assert not exists(config, f"{storage}/gone.mp4")
    assert exists(config, f"{storage}/only-get.mp4"), "a signed address may allow only GET"
    assert Storage.seen[-1]["Range"] == "bytes=0-0"
    with pytest.raises(FileUnavailable):
        exists(config, f"{storage}/broken.mp4")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a.mp4",
        "http://localhost:{port}/a.mp4",
        "http://[::1]:{port}/a.mp4",
        "http://10.1.2.3/a.mp4",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0:{port}/a.mp4",
        "http://user@127.0.0.1:{port}/a.mp4",
        "file:///etc/passwd",
        "ftp://files.test/a.mp4",
        "//files.test/a.mp4",
        "http://127.0.0.1:99999/a.mp4",
        "",
    ],
)
def test_private_and_odd_addresses_are_not_opened(storage: str, url: str) -> None:
    """The cloud is elsewhere here, so the storage is only a server on a private address."""
    elsewhere = CloudConfig(base_url="https://api.example", fallback_url="", app_id="a" * 32)
    with pytest.raises(FileUnavailable):
        open_file(elsewhere, url.format(port=urlsplit(storage).port))
    assert not Storage.seen


def test_name_of_a_private_address_is_found_out_before_anything_is_sent(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that looks public may lead to a private address."""
    import socket

    real = socket.getaddrinfo

    def resolve(host: str, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host == "files.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    elsewhere = CloudConfig(base_url="https://api.example", fallback_url="", app_id="a" * 32)
    with pytest.raises(FileUnavailable):
        open_file(elsewhere, f"http://files.example:{urlsplit(storage).port}/a.mp4")
    assert not Storage.seen


def test_redirects_do_not_lead_to_private_addresses(storage: str, config: CloudConfig) -> None:
    for target in (f"{storage}/a.mp4", "/a.mp4", "http://10.0.0.1/a.mp4", "file:///etc/passwd", ""):
        Storage.seen.clear()
        with pytest.raises(FileUnavailable):
            open_file(config, f"{storage}/to?{target}")
        assert [seen["path"].partition("?")[0] for seen in Storage.seen] == ["/to"]


def test_playlist_is_text_of_limited_length(
    storage: str, config: CloudConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_playlist(config, f"{storage}/a.m3u8") == "#EXTM3U\na.ts\n"
    with pytest.raises(FileUnavailable):
        read_playlist(config, f"{storage}/a.mp4")
    monkeypatch.setattr(recording_downloads, "MOST_PLAYLIST_BYTES", 5)
    with pytest.raises(FileUnavailable):
        read_playlist(config, f"{storage}/a.m3u8")
