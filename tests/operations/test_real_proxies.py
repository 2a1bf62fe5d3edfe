"""nginx and Caddy with the files in `deploy/` pass pages, streams and uploads of the web process."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from classroom_admin.runtime import ports
from classroom_admin.simulator.testing import running_simulator
from tests.operations.test_commands import ROOT
from tests.realtime.conftest import session_of
from tests.school import School
from tests.sync.test_lease import environment
from tests.web.dashboard import dashboard

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
DEPLOY: Final = ROOT / "deploy"
LARGEST: Final = 200_000_000
"""The default of FILES_MAX_MB, in bytes."""
WITHIN_S: Final = 60
BOUNDARY: Final = "a-line-that-no-file-contains"


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: {name}); scripts/deploy-tools installs it")
    return path


@contextmanager
def running(argv: list[str], port: int, log: Path, **env: str) -> Iterator[None]:
    """Run a proxy until the block ends. Wait until it listens on the port."""
    with log.open("wb") as said:
        process = subprocess.Popen(argv, stdout=said, stderr=said, env={**os.environ, **env})
    try:
        deadline = time.monotonic() + WITHIN_S
        while not ports.accepts("127.0.0.1", port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def nginx(port: int, upstream: int, folder: Path) -> Iterator[None]:
    """Run nginx with our file. Without TLS, because `doctor` refuses a certificate made for a test."""
    server = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    plain = ports.free_port()
    for ours, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("listen [::]:80;", ""),
        ("listen [::]:443 ssl http2;", ""),
        ("ssl_certificate /etc/ssl/classes.example/fullchain.pem;", ""),
        ("ssl_certificate_key /etc/ssl/classes.example/privkey.pem;", ""),
        ("proxy_pass http://127.0.0.1:8000;", f"proxy_pass http://127.0.0.1:{upstream};"),
    ):
        assert ours in server
        server = server.replace(ours, here)
    kept = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi"))
    kept += f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; access_log off;\n"
    account = "user root;\n" if os.geteuid() == 0 else ""
    whole = folder / "nginx.conf"
    whole.write_text(
        f"{account}daemon off;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        f"events {{}}\nhttp {{\n{kept}{server}\n}}\n"
    )
    argv = [program("nginx"), "-p", str(folder), "-c", str(whole)]
    with running(argv, port, folder / "nginx.log"):
        yield


@contextmanager
def caddy(port: int, upstream: int, folder: Path) -> Iterator[None]:
    """Run Caddy with our file, without TLS and without its administration on a fixed port."""
    whole = folder / "Caddyfile"
    whole.write_text(f"{{\n\tadmin off\n}}\nimport {DEPLOY / 'Caddyfile'}\n")
    env = {"SITE": f"http://127.0.0.1:{port}", "UPSTREAM": f"127.0.0.1:{upstream}"}
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    argv = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(whole)]
    with running(argv, port, folder / "caddy.log", **env, **homes):
        yield


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_proxy_passes_pages_streams_and_uploads(
    proxy: Any, school: School, settings: Any, tmp_path: Path
) -> None:
    port = ports.free_port()
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    with running_simulator(plain=True) as sim:
        env = environment(sim) | {
            "PUBLIC_URL": settings.PUBLIC_URL,
            "TRUSTED_PROXIES": "127.0.0.1",
            "FILES_DIR": str(tmp_path / "files"),
        }
        (tmp_path / "files").mkdir(mode=0o700)
        with (
            dashboard(env, tmp_path / "web.log") as web,
            proxy(port, web.port, tmp_path),
        ):
            cookie = f"sessionid={session_of(school, school.administrator)}"
            assert b"Email address" in get(port, "/sign-in/")
            assert b'class="brand"' in get(port, "/", cookie)
            key = school.room.key
            for stream in ("/live/classes/stream", f"/live/classes/{key}/stream"):
                assert first_line_of_stream(port, stream, cookie)
            assert upload(port, key, cookie, LARGEST) == 200
            assert upload(port, key, cookie, LARGEST + 3_000_000) == 413
            [kept] = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
            assert kept.stat().st_size == LARGEST
            more = {
                "SECRET_KEY": settings.SECRET_KEY,
                "PORT": str(web.port),
                "CELERY_BROKER_URL": "memory://",
            }
            doctor = subprocess.run(
                [sys.executable, "manage.py", "doctor", "--json"],
                cwd=ROOT, env=env | more, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
    found = {one["name"]: one["status"] for one in json.loads(doctor.stdout)["checks"]}
    assert doctor.returncode == 0, doctor.stdout
    assert [found[name] for name in ("public_address", "scheme_and_host", "body_limit", "stream")] == [
        "ok"
    ] * 4


def get(port: int, path: str, cookie: str = "") -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return body


def first_line_of_stream(port: int, path: str, cookie: str) -> bytes:
    """Return the first line of a stream that stays open. A proxy that buffers would not deliver it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    line = answer.readline()
    connection.close()
    return line


def upload(port: int, key: str, cookie: str, size: int) -> int:
    """Send a document of this size (bytes) as the page's form does, and return the status."""
    token = "a" * 32
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    connection.putrequest("POST", f"/classes/{key}/files/upload/")
    for name, value in {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + size + len(tail)),
        "Cookie": f"{cookie}; csrftoken={token}",
        "X-CSRFToken": token,
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        connection.send(head)
        start, part = b"%PDF-1.7\n", b"\n" * 1_000_000
        connection.send(start)
        left = size - len(start)
        while left:
            connection.send(part[: min(left, len(part))])
            left -= min(left, len(part))
        connection.send(tail)
    except (BrokenPipeError, ConnectionResetError, socket.timeout):  # noqa: UP041
        pass  # the proxy has refused the body before its end
    status = connection.getresponse().status
    connection.close()
    return status
