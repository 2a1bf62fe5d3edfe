"""`rediss://` and `amqps://` check the server's certificate, unless told otherwise."""

from __future__ import annotations

import os
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom_admin.runtime import broker
from tests import quick_python

ROOT = Path(__file__).resolve().parents[2]
# Each prints "connected", or the error that the connection ended with.
BROKER = """
import ssl, django
django.setup()
from classroom_admin.celery import app
with app.connection_for_write() as connection:
    try:
        connection.channel().client.ping()
        print("connected")
    except Exception as error:
        print(type(error).__name__, error)
"""
RABBITMQ = """
import django
django.setup()
from classroom_admin.celery import app
try:
    app.connection_for_write(connect_timeout=1).connect()
except Exception as error:
    print(type(error).__name__, error)
"""
CACHE = """
import django
django.setup()
from django.core.cache import cache
try:
    cache.get("x")
    print("connected")
except Exception as error:
    print(type(error).__name__, error)
"""


class TlsProxy:
    """A TLS server with a self-signed certificate in front of a Valkey on a unix socket."""

    def __init__(self, certificate: Path, valkey: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, certificate.with_name("key.pem"))
        self._valkey = valkey
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connected = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            client = self._context.wrap_socket(plain, server_side=True)
        except OSError:
            return  # the client refused the certificate
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._valkey))
            client.settimeout(0.05)
            try:
                while True:
                    try:
                        asked = client.recv(65536)
                    except TimeoutError:
                        asked = None
                    if asked == b"":
                        return
                    if asked:
                        self.connected += 1
                        server.sendall(asked)
                    while select.select([server], [], [], 0.02)[0]:
                        client.sendall(server.recv(65536))
            except OSError:
                return  # one of the two ended the connection

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the embedded broker and return its socket."""
    folder = tmp_path_factory.mktemp("valkey")
    path = broker.socket_path(folder)
    broker.prepare(path, folder / "broker")
    process = subprocess.Popen(broker.part(path, folder / "broker", env={}).argv, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (path.exists() and broker.answers(path)):
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between two looks; the deadline above decides
    yield path
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem"


@pytest.fixture
def server(certificate: Path, valkey: Path) -> Iterator[TlsProxy]:
    running = TlsProxy(certificate, valkey)
    yield running
    running.close()


def connect(kind: str, address: str, data_dir: Path) -> str:
    code, name = {
        "broker": (BROKER, "CELERY_BROKER_URL"),
        "rabbitmq": (RABBITMQ, "CELERY_BROKER_URL"),
        "cache": (CACHE, "CACHE_URL"),
    }[kind]
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), name: address}
    env["DJANGO_SETTINGS_MODULE"] = "classroom_admin.settings"
    done = quick_python.run("-c", code, env=env)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("kind", ["broker", "cache"])
class TestRediss:
    def test_certificate_of_an_unknown_authority_is_refused(
        self, server: TlsProxy, kind: str, tmp_path: Path
    ) -> None:
        said = connect(kind, f"rediss://localhost:{server.port}/0", tmp_path)
        assert "certificate verify failed" in said.lower()
        assert not server.connected, "nothing was sent, no password either"

    def test_certificate_of_a_named_authority_is_accepted(
        self, server: TlsProxy, certificate: Path, kind: str, tmp_path: Path
    ) -> None:
        address = f"rediss://localhost:{server.port}/0?ssl_ca_certs={certificate}"
        assert connect(kind, address, tmp_path) == "connected"

    def test_certificate_of_another_host_is_refused(
        self, server: TlsProxy, certificate: Path, kind: str, tmp_path: Path
    ) -> None:
        said = connect(kind, f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={certificate}", tmp_path)
        assert "certificate verify failed" in said.lower()

    def test_check_can_be_switched_off(self, server: TlsProxy, kind: str, tmp_path: Path) -> None:
        address = f"rediss://127.0.0.1:{server.port}/0?ssl_cert_reqs=none"
        assert connect(kind, address, tmp_path) == "connected"
        assert server.connected


class TestAmqps:
    """The proxy has no RabbitMQ behind it. It shows what is sent to a server before RabbitMQ would answer."""

    def test_only_a_server_with_the_right_certificate_gets_a_request(
        self, server: TlsProxy, certificate: Path, tmp_path: Path
    ) -> None:
        own = f"?ssl_ca_certs={certificate}"
        for address in (f"localhost:{server.port}//", f"127.0.0.1:{server.port}//{own}"):
            said = connect("rabbitmq", f"amqps://me:word@{address}", tmp_path)
            assert "certificate verify failed" in said.lower()
            assert not server.connected
        for address in (f"localhost:{server.port}//{own}", f"127.0.0.1:{server.port}//?ssl_cert_reqs=none"):
            server.connected = 0
            said = connect("rabbitmq", f"amqps://me:word@{address}", tmp_path)
            assert server.connected, said
