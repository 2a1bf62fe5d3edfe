"""Requests to a provider of school sign-on: which addresses are called, and how much of an answer is read."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from classroom_admin.accounts import sign_on_http
from classroom_admin.accounts.sign_on_http import (
    ProviderFailed,
    bounded,
    discovery,
    get_json,
    post_form,
    require_allowed,
)
from tests.common.test_outbound import resolve_to

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Answer
    asked = 0
    headers: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.server.headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.answer(self)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _loopback_allowed(settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)


@pytest.fixture
def server() -> Iterator[Server]:
    cache.clear()
    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def says(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def config(url: str, **changed: object) -> bytes:
    found = {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/keys",
    }
    return json.dumps(found | changed).encode()


def problem(issuer: str) -> str:
    with pytest.raises(ProviderFailed) as failure:
        discovery(issuer)
    return failure.value.problem.code


def test_configuration_is_cached(server):
    server.answer = says(config(server.url))
    assert discovery(server.url)["token_endpoint"] == f"{server.url}/token"
    assert discovery(server.url)["jwks_uri"] == f"{server.url}/keys"
    assert server.asked == 1
    discovery(server.url, fresh=True)
    assert server.asked == 2


def test_slash_at_the_end_of_the_issuer_does_not_matter(server):
    server.answer = says(config(server.url))
    assert discovery(server.url + "/")["issuer"] == server.url


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(b"{}", 404), "sign_on_status"),
        (says(b"<html>", 500), "sign_on_status"),
        (says(b"<html>"), "sign_on_not_json"),
        (says(b"[1]"), "sign_on_not_json"),
        (says(b"[" * 20_000), "sign_on_not_json"),
        (says(b"", 302, Location="http://169.254.169.254/"), "sign_on_redirect"),
        (says(b'{"issuer": "https://other.example"}'), "sign_on_other_issuer"),
        (says(b'"' + b"x" * 1_000_001 + b'"'), "sign_on_too_large"),
    ],
)
def test_unusable_answer_is_named(server, answer, code):
    server.answer = answer
    assert problem(server.url) == code


@pytest.mark.parametrize("endpoint", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_each_endpoint_must_be_an_allowed_address(server, endpoint):
    for address, code in (
        (None, "sign_on_no_endpoint"),
        ("javascript:alert(1)", "sign_on_no_endpoint"),
        ("http://login.school.test/x", "sign_on_not_https"),
    ):
        server.answer = says(config(server.url, **{endpoint: address}))
        assert problem(server.url) == code


def test_provider_that_does_not_answer_is_named(server, monkeypatch):
    monkeypatch.setattr(sign_on_http, "TIMEOUT_S", 0.2)
    gone = threading.Event()
    server.answer = lambda _handler: gone.wait(20) and None
    try:
        assert problem(server.url) == "sign_on_timeout"
    finally:
        gone.set()


def test_provider_that_answers_too_slowly_is_named(server, monkeypatch):
    monkeypatch.setattr(sign_on_http, "TIMEOUT_S", 0.5)
    gone = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not gone.wait(0.05):
            try:
                handler.wfile.write(b" ")  # each byte begins the time-out of a socket anew
            except OSError:
                return

    server.answer = drip
    began = time.monotonic()
    try:
        assert problem(server.url) == "sign_on_timeout"
        assert time.monotonic() - began < 20  # the answer itself never ends
    finally:
        gone.set()


def test_provider_that_is_down_is_named():
    cache.clear()
    assert problem("http://127.0.0.1:9") == "sign_on_unreachable"


@pytest.mark.parametrize(
    ("issuer", "address", "code"),
    [
        ("https://1.1.1.1", "https://10.0.0.1/token", "sign_on_private_address"),
        ("https://1.1.1.1", "https://127.0.0.1/token", "sign_on_private_address"),
        ("https://1.1.1.1", "https://169.254.169.254/token", "sign_on_private_address"),
        ("https://1.1.1.1", "https://[fd00::1]/token", "sign_on_private_address"),
        ("https://1.1.1.1", "http://1.1.1.1/token", "sign_on_not_https"),
        ("https://1.1.1.1", "http://localhost/token", "sign_on_private_address"),
        ("https://1.1.1.1", "ftp://1.1.1.1/token", "sign_on_not_https"),
        ("https://1.1.1.1", "https://8.8.8.8/token", ""),
        ("https://10.0.0.1", "https://10.0.0.2/token", ""),
        ("http://127.0.0.1", "http://127.0.0.1/token", ""),
    ],
)
def test_public_provider_can_not_name_private_addresses(issuer, address, code):
    if not code:
        return require_allowed(issuer, address)
    with pytest.raises(ProviderFailed) as failure:
        require_allowed(issuer, address)
    assert failure.value.problem.code == code
    return None


def test_error_status_of_an_endpoint_is_named(server):
    server.answer = says(b'{"error": "x"}', 401)
    with pytest.raises(ProviderFailed, match="sign_on_status"):
        get_json(server.url, f"{server.url}/keys")


def test_provider_in_a_private_network_needs_the_setting(server, settings):
    """An issuer is a name that people enter or that a registration link receives, so it may be anything."""
    server.answer = says(config(server.url))
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    assert problem(server.url) == "sign_on_private_network"
    assert server.asked == 0
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.1",)
    assert discovery(server.url)["issuer"] == server.url


def test_name_that_moves_to_a_private_network_is_not_called(monkeypatch, settings):
    """The name server answers with a public address when the request is checked, then with a private one."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked = resolve_to(monkeypatch, ["1.1.1.1"], ["127.0.0.1"])
        port = listening.getsockname()[1]
        with pytest.raises(ProviderFailed, match="sign_on_private_network"):
            bounded("GET", "https://idp.school.test", f"https://keys.school.test:{port}/")
        listening.settimeout(0)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert asked[-1] == "keys.school.test"


def test_address_that_parsers_read_differently_is_not_called(server):
    """A public provider would reach an allowed private network: one parser reads the public host."""
    with pytest.raises(ProviderFailed, match="sign_on_unreachable"):
        bounded("GET", "https://1.1.1.1", f"https://127.0.0.1:{server.server_port}\\@1.1.1.1/")
    assert server.asked == 0


def test_environment_changes_no_request(server, monkeypatch, tmp_path: Path):
    """A file with passwords does not replace the token, and a proxy of the environment does not get it."""
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(passwords))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.answer = says(b"{}")
    bounded("GET", server.url, server.url, headers={"Authorization": "Bearer token"})
    assert server.headers["authorization"] == "Bearer token"
    assert post_form(server.url, server.url, {"a": "b c"}, ("client", "secret")) == (200, {})
    assert server.headers["authorization"] == "Basic Y2xpZW50OnNlY3JldA=="
    assert server.headers["content-type"] == "application/x-www-form-urlencoded"
    assert server.headers["user-agent"].startswith("classroom-admin/")
