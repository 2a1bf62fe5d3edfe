"""Small servers on loopback for the tests of the doctor: mail, TLS, and a Redis of any version."""

from __future__ import annotations

import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handle = Callable[[socketserver.StreamRequestHandler], None]


@contextmanager
def running(handle: Handle, *, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve each connection with `handle`, and yield the port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            handle(self)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def get_request(self) -> tuple[Any, Any]:
            accepted, address = super().get_request()
            if context is None:
                return accepted, address
            secure = context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
            return secure, address

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a client that refuses a certificate ends the connection."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(30)


@contextmanager
def mail_server(*, accepts: bool = True, offers: str = "AUTH PLAIN LOGIN") -> Iterator[tuple[int, list[str]]]:
    """Run a mail server. Yield its port and the names of the commands that it gets."""
    said: list[str] = []

    def handle(connection: socketserver.StreamRequestHandler) -> None:
        connection.wfile.write(b"220 mail.test ESMTP\r\n")
        while line := connection.rfile.readline().decode().strip():
            said.append(line.split(" ", 1)[0].upper())
            answer = {
                "EHLO": f"250-mail.test\r\n250 {offers}",
                "AUTH": "235 ok" if accepts else "535 5.7.8 wrong password",
                "QUIT": "221 bye",
            }.get(said[-1], "250 ok")
            connection.wfile.write(f"{answer}\r\n".encode())
            if said[-1] == "QUIT":
                return

    with running(handle) as port:
        yield port, said


@contextmanager
def redis_server(version: str) -> Iterator[int]:
    """Run a server that answers the commands of a Redis client, and says that it has this version."""

    def handle(connection: socketserver.StreamRequestHandler) -> None:
        while header := connection.rfile.readline():
            words = []
            for _ in range(int(header[1:])):
                size = int(connection.rfile.readline()[1:])
                words.append(connection.rfile.read(size + 2)[:-2].decode().upper())
            text = f"# Server\r\nredis_version:{version}\r\n"
            answers = {"INFO": f"${len(text)}\r\n{text}\r\n", "HELLO": "-ERR unknown command\r\n"}
            connection.wfile.write(answers.get(words[0], "+OK\r\n").encode())

    with running(handle) as port:
        yield port


def make_certificate(folder: Path, *, days: float, name: str = "localhost") -> ssl.SSLContext:
    """Write a certificate of its own authority, `folder/trusted.pem`. It ends in `days` days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.9"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    (folder / "trusted.pem").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
