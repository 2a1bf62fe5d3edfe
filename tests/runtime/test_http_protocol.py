"""Slow and greedy clients over raw sockets: half headers, half bodies, unread responses, many connections."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
import uvloop
from django.conf import settings as django_settings

from classroom_admin.runtime import http_protocol, ports
from classroom_admin.runtime.http_protocol import HEAD_BYTES, UNFINISHED_OF_ADDRESS, BoundedProtocol
from tests.realtime.serving import until

PATIENCE_S = 30
PARTS = 100
MB = 1_000_000


class Quick(BoundedProtocol):
    """The protocol with short limits."""

    HEAD_S = BODY_S = WRITE_S = LINGER_S = 1.0


class Patient(BoundedProtocol):
    """The protocol with limits that a test does not reach."""

    HEAD_S = BODY_S = WRITE_S = 600.0


class PatientWhenStopping(Patient):
    """The same, also with requests that arrive while the server stops."""

    LAST_REQUEST_S = 600.0


class Server:
    """A server whose application reads the body, unless `hold` is set, and responds with its length."""

    def __init__(self, protocol: type[BoundedProtocol], *, stop_wait_s: int = 1) -> None:
        self.hold = threading.Event()
        self.waiting = 0
        self._clients: list[socket.socket] = []
        self.disconnected = 0
        self.loop = uvloop.new_event_loop()
        config = uvicorn.Config(
            self._application, http=protocol, interface="asgi3", log_level="critical", lifespan="off",
            ws="none", timeout_graceful_shutdown=stop_wait_s, proxy_headers=False,
        )  # fmt: skip
        self._uvicorn = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until(lambda: self._uvicorn.started)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._uvicorn.serve(sockets=[self._socket]))
        self.loop.close()

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        while self.hold.is_set():
            self.waiting += 1
            await asyncio.sleep(0.02)
        got, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected += 1
                return
            got += len(message["body"])
            more = message["more_body"]
        body = b"x" * (30 * MB) if scope["path"] == "/large" else str(got).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body, "more_body": scope["path"] == "/large"})
        if scope["path"] == "/large":
            await send({"type": "http.response.body", "body": b""})

    @property
    def unfinished(self) -> int:
        return http_protocol.connections_of(self._uvicorn.server_state).unfinished

    @property
    def connections(self) -> int:
        return len(self._uvicorn.server_state.connections)

    def connect(self, source: str = "127.0.0.1", *, buffer: int = 0) -> socket.socket:
        found = socket.socket()
        self._clients.append(found)
        if buffer:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        found.settimeout(PATIENCE_S)
        found.bind((source, 0))
        found.connect(("127.0.0.1", self.port))
        return found

    def begin_to_stop(self) -> None:
        """Do what SIGTERM does, and wait until new connections are refused."""
        self._uvicorn.should_exit = True
        until(lambda: not ports.accepts("127.0.0.1", self.port))

    @property
    def has_stopped(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        self.hold.clear()
        for client in self._clients:
            client.close()
        self._uvicorn.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def quick() -> Iterator[Server]:
    server = Server(Quick)
    yield server
    server.stop()


@pytest.fixture
def patient() -> Iterator[Server]:
    server = Server(Patient)
    yield server
    server.stop()


def rest(client: socket.socket) -> bytes:
    """Return what the server sends until it closes the connection."""
    found = b""
    try:
        while more := client.recv(65536):
            found += more
    except ConnectionResetError:
        pass
    return found


def drip(client: socket.socket, byte: bytes) -> None:
    """Send a byte again and again, until the server closes the connection."""
    client.settimeout(0.05)
    for _ in range(int(PATIENCE_S / 0.05)):
        try:
            client.sendall(byte)
            if client.recv(1, socket.MSG_PEEK) is not None:
                break
        except TimeoutError:
            continue
        except OSError:
            break
    else:
        pytest.fail("the server never closed the connection")
    client.settimeout(PATIENCE_S)


def test_complete_requests_are_answered_on_one_connection(quick: Server) -> None:
    client = quick.connect()
    for _ in range(3):
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd")
        answer = b""
        while not answer.endswith(b"0\r\n\r\n"):
            more = client.recv(65536)
            assert more, answer
            answer += more
        assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"GET ", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_half_headers_are_cut_off(quick: Server, sent: bytes) -> None:
    client = quick.connect()
    client.sendall(sent)
    answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 408") == bool(sent)
    until(lambda: quick.connections == 0)


def test_headers_that_drip_are_cut_off(quick: Server) -> None:
    client = quick.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    drip(client, b"a")
    assert rest(client).startswith(b"HTTP/1.1 408")


def test_line_breaks_do_not_keep_an_idle_connection_open(quick: Server) -> None:
    client = quick.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 200")
    client.sendall(b"\r\n")
    rest(client)
    until(lambda: quick.connections == 0)


BODIES = {
    "POST": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
    "chunks": b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "DELETE": b"DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "other method": b"PROPFIND / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
    "trailers": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
}


@pytest.mark.parametrize("kind", BODIES)
def test_half_bodies_are_cut_off_and_the_application_is_told(quick: Server, kind: str) -> None:
    client = quick.connect()
    client.sendall(BODIES[kind])
    assert rest(client).startswith(b"HTTP/1.1 408")
    until(lambda: quick.disconnected == 1)
    until(lambda: quick.connections == 0)


def test_body_that_drips_is_cut_off(quick: Server) -> None:
    client = quick.connect()
    client.sendall(BODIES["POST"])
    drip(client, b"a")
    assert rest(client).startswith(b"HTTP/1.1 408")


def test_body_that_the_application_does_not_read_is_not_slow(quick: Server) -> None:
    """The server pauses reading, so the client can't send more."""
    quick.hold.set()
    client = quick.connect()
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * MB))
    sender = threading.Thread(target=client.sendall, args=(b"x" * (2 * MB),), daemon=True)
    sender.start()
    until(lambda: quick.waiting > PARTS)  # several times the limit
    quick.hold.clear()
    sender.join(PATIENCE_S)
    received = b""
    while b"2000000" not in received:
        part = client.recv(65536)
        assert part, received
        received += part


def test_client_that_waits_for_permission_to_send_is_not_slow(quick: Server) -> None:
    quick.hold.set()
    client = quick.connect()
    client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    until(lambda: quick.waiting > PARTS)
    quick.hold.clear()
    assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"abc")
    assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_slow_work_of_the_application_is_not_cut_off(quick: Server) -> None:
    quick.hold.set()
    client = quick.connect()
    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    until(lambda: quick.waiting > PARTS)
    quick.hold.clear()
    assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_client_that_does_not_read_its_response_is_cut_off(quick: Server) -> None:
    client = quick.connect(buffer=4096)
    client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    until(lambda: quick.connections == 1)
    until(lambda: quick.connections == 0)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (HEAD_BYTES + 1),
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(HEAD_BYTES // 6)),
        b"GET /" + b"a" * (HEAD_BYTES + 1),
    ],
    ids=["one header", "many headers", "address"],
)
def test_headers_that_never_end_are_refused(patient: Server, sent: bytes) -> None:
    client = patient.connect()
    client.sendall(sent)
    assert rest(client).startswith(b"HTTP/1.1 431")


def test_refusals_before_the_application_have_the_security_headers(patient: Server) -> None:
    client = patient.connect()
    client.sendall(b"no HTTP at all\r\n\r\n")
    answer = rest(client).lower()
    assert answer.startswith(b"http/1.1 400")
    for name in (b"content-security-policy", b"x-content-type-options: nosniff", b"permissions-policy"):
        assert name in answer


def test_unfinished_requests_of_one_address_are_limited(patient: Server) -> None:
    half = b"GET / HTTP/1.1\r\nHost: x\r\n"
    clients = [patient.connect() for _ in range(UNFINISHED_OF_ADDRESS)]
    for client in clients:
        client.sendall(half)
    until(lambda: patient.connections == UNFINISHED_OF_ADDRESS)
    one_more, elsewhere = patient.connect(), patient.connect("127.0.0.2")
    elsewhere.sendall(half + b"\r\n")
    assert elsewhere.recv(65536).startswith(b"HTTP/1.1 200")
    until(lambda: patient.unfinished == UNFINISHED_OF_ADDRESS)
    one_more.sendall(half)
    assert rest(one_more).startswith(b"HTTP/1.1 503")
    clients[0].sendall(b"\r\n")
    assert clients[0].recv(65536).startswith(b"HTTP/1.1 200")


@pytest.fixture
def small(settings: Any) -> Iterator[Server]:
    settings.MAX_CONNECTIONS = 100
    server = Server(Patient)
    yield server
    server.stop()


def test_connections_of_one_address_are_limited(small: Server) -> None:
    server = small
    clients = [server.connect() for _ in range(60)]
    until(lambda: server.connections == 60)
    refused = rest(server.connect())
    assert refused.startswith(b"HTTP/1.1 503")
    elsewhere = server.connect("127.0.0.2")
    elsewhere.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert elsewhere.recv(65536).startswith(b"HTTP/1.1 200")
    clients.pop().close()
    until(lambda: server.connections == 60)
    again = server.connect()
    again.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert again.recv(65536).startswith(b"HTTP/1.1 200")


def test_trusted_proxy_may_use_all_connections_and_no_more(settings: Any, small: Server) -> None:
    settings.TRUSTED_PROXIES = ("127.0.0.1/32",)
    server = small
    for _ in range(100):
        server.connect()
    until(lambda: server.connections == 100)
    assert rest(server.connect()).startswith(b"HTTP/1.1 503")


def test_five_thousand_streams_of_one_address_are_possible() -> None:
    assert django_settings.MAX_CONNECTIONS * 0.6 >= 5000


UPLOAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf"


def test_upload_in_progress_ends_before_the_server_does() -> None:
    server = Server(Patient, stop_wait_s=600)
    idle, uploading = server.connect(), server.connect()
    uploading.sendall(UPLOAD)
    until(lambda: server.unfinished == 1)
    server.begin_to_stop()
    assert rest(idle) == b""
    assert not server.has_stopped
    uploading.sendall(b"half")
    answer = rest(uploading)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\r\n8\r\n" in answer
    assert b"connection: close" in answer.lower()
    until(lambda: server.has_stopped)
    server.stop()


@pytest.mark.parametrize("before", [b"", b"POST / HTTP/1.1\r\nHo"], ids=["nothing sent", "half sent"])
def test_accepted_connection_gets_its_answer_while_the_server_stops(before: bytes) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    server = Server(PatientWhenStopping, stop_wait_s=600)
    early = server.connect()
    early.sendall(before)
    until(lambda: server.connections == 1 and server.unfinished == bool(before))
    server.begin_to_stop()
    early.sendall(request.removeprefix(before))
    answer = rest(early)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()
    until(lambda: server.has_stopped)
    server.stop()


def test_server_waits_for_an_upload_only_as_long_as_it_may() -> None:
    server = Server(Patient, stop_wait_s=1)
    uploading = server.connect()
    uploading.sendall(UPLOAD)
    until(lambda: server.unfinished == 1)
    server.begin_to_stop()
    until(lambda: server.has_stopped)
    server.stop()
