"""Requests to addresses that people entered reach no private network, and end in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from classroom_admin.common import outbound
from classroom_admin.common.addresses import is_public
from classroom_admin.common.outbound import OutboundFailed, OutboundRefused
from classroom_admin.common.problem_texts import in_words
from tests.common.certificates import Authority
from tests.integrations.webhooks.receiver import running_receiver

HOST = "hooks.school.test"
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "168.63.129.16", "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1",
    "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fec0::1",
]  # fmt: skip


@pytest.fixture
def loopback_allowed(settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8", "::1/128")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name server answer with these addresses, one answer after the other. Return the questions."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host[0].isdigit() or ":" in host:  # an address needs no name server
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def problem(work: Callable[[], Any], kind: type[Exception] = OutboundRefused) -> str:
    with pytest.raises(kind) as caught:
        work()
    with translation.override("en"):
        assert in_words(caught.value.problem)  # type: ignore[attr-defined]
    return str(caught.value.problem.code)  # type: ignore[attr-defined]


def test_addresses_of_private_networks_and_machines_are_not_public() -> None:
    assert [one for one in PRIVATE if is_public(one)] == []
    assert all(is_public(one) for one in ("1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"))


def test_private_addresses_are_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_receiver() as receiver:
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            url = f"https://{host}:{receiver.port}/"
            assert problem(lambda url=url: outbound.send("POST", url)) == "outbound_private", host
            assert problem(lambda url=url: outbound.check(url)) == "outbound_private", host
        resolve_to(monkeypatch, ["1.1.1.1", "127.0.0.1"])
        assert problem(lambda: outbound.send("POST", f"https://{HOST}/")) == "outbound_private"
        assert receiver.received == []


def test_only_https_without_a_user_is_an_address(loopback_allowed: None, monkeypatch: Any) -> None:
    wrong = [
        "ftp://a.test/",
        "https://",
        "a.test/x",
        "https://me:pw@a.test/",
        "https://a.test/#x",
        " https://a",
        "https://10.0.0.1\\@a.test/",  # some parsers take a.test for the host
    ]
    for url in [*wrong, "https://a.test:99999/", "file:///etc/passwd", "javascript:alert(1)"]:
        assert problem(lambda url=url: outbound.check(url)) == "outbound_not_address", url
    resolve_to(monkeypatch, ["1.1.1.1"])
    assert problem(lambda: outbound.check(f"http://{HOST}/")) == "outbound_not_https"
    outbound.check(f"https://{HOST}/")


def test_allowed_networks_can_be_reached_and_answers_are_cut(loopback_allowed: None) -> None:
    with running_receiver() as receiver:
        receiver.answer = (200, b"x" * 1000)
        answer = outbound.send("POST", receiver.url, body=b"hi", headers={"A": "b"}, most_bytes=100)
        assert (answer.status, answer.body, answer.is_cut) == (200, b"x" * 100, True)
        (got,) = receiver.received
        assert (got.text, got.headers["a"], got.headers["host"]) == ("hi", "b", f"127.0.0.1:{receiver.port}")


def test_redirects_are_not_followed(loopback_allowed: None) -> None:
    with running_receiver() as receiver, running_receiver() as other:
        receiver.answer, receiver.headers = (302, b""), {"Location": other.url}
        assert outbound.send("POST", receiver.url).status == 302
        assert other.received == []


def test_name_is_resolved_once_and_tls_verifies_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A name server that answers with another address the second time has no effect (DNS rebinding)."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.1",)
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    outbound._tls.cache_clear()
    try:
        with (
            running_receiver(authority.server(HOST)) as receiver,
            running_receiver(authority.server("other.test")) as other,
        ):
            asked = resolve_to(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
            answer = outbound.send("POST", f"https://{HOST}:{receiver.port}/hook", body=b"{}")
            assert (answer.status, asked) == (204, [HOST])
            assert receiver.received[0].headers["host"] == f"{HOST}:{receiver.port}"
            assert problem(lambda: outbound.send("POST", f"https://{HOST}/")) == "outbound_private"
            resolve_to(monkeypatch, ["127.0.0.1"])
            wrong = f"https://{HOST}:{other.port}/hook"
            assert problem(lambda: outbound.send("POST", wrong), OutboundFailed) == "outbound_tls"
            assert other.received == []
    finally:
        outbound._tls.cache_clear()


@contextmanager
def serving(work: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept one connection in a thread, and let `work` answer it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            connection, _address = server.accept()
            with connection:
                work(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(20)


def test_a_server_that_sends_one_byte_after_the_other_is_left_in_time(loopback_allowed: None) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)  # what is tested: a byte comes before every time-out
        except OSError:
            pass

    with serving(drip) as port:
        began = time.monotonic()
        send = lambda: outbound.send("GET", f"http://127.0.0.1:{port}/", timeout_s=0.5)  # noqa: E731
        assert problem(send, OutboundFailed) == "outbound_timeout"
        assert time.monotonic() - began < 20


def test_what_prevents_an_answer_is_said(loopback_allowed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert problem(lambda: outbound.send("GET", f"http://127.0.0.1:{port}/"), OutboundFailed) == (
        "outbound_unreachable"
    )
    with serving(lambda connection: connection.sendall(b"SSH-2.0-x\r\n\r\n")) as port:
        assert problem(lambda: outbound.send("GET", f"http://127.0.0.1:{port}/"), OutboundFailed) == (
            "outbound_bad_answer"
        )

    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert (
        problem(lambda: outbound.send("GET", f"https://{HOST}/"), OutboundFailed) == "outbound_unknown_host"
    )
    outbound.check(f"https://{HOST}/")
