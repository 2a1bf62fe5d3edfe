"""The web process as `serve` starts it: headers of every response, trusted proxies, cookies under https."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver

from classroom_admin.accounts.models import Attempts, User
from classroom_admin.actions.files import uploads
from classroom_admin.actions.files.addresses import address_of
from classroom_admin.rooms.access import access_to
from classroom_admin.simulator.testing import running_simulator
from tests.accounts.conftest import PASSWORD
from tests.realtime.conftest import session_of
from tests.school import School
from tests.sync.test_lease import environment
from tests.web.dashboard import Web, dashboard
from tests.web.test_odd_values import Prober, patterns

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "berg@school.test"
STANDARD = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
ALSO = ("content-security-policy", "permissions-policy", "referrer-policy", "cross-origin-resource-policy")
PROXIED = {"PUBLIC_URL": "https://school.example"}


@contextmanager
def front(tmp_path: Path, **env: str) -> Iterator[Web]:
    unwanted = {"PUBLIC_URL", "TRUSTED_PROXIES"}
    with running_simulator(plain=True) as sim:
        clean = {name: value for name, value in environment(sim).items() if name not in unwanted}
        with dashboard(clean | env, tmp_path / "web.log") as web:
            yield web


def make_accounts() -> None:
    """Create an administrator, and a teacher whose password hash the product's own settings accept."""
    User.objects.create_superuser("head@school.test")
    password = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-of-22-characters", iterations=1000)
    User.objects.create(email=EMAIL, password=password)


def ask(
    web: Web, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of a response. Do not read its body, because streams do not end."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def missing(headers: dict[str, str]) -> list[str]:
    wrong = [name for name, value in STANDARD.items() if headers.get(name) != value]
    return wrong + [name for name in ALSO if name not in headers]


def test_every_response_has_the_security_headers(school: School, tmp_path: Path) -> None:
    prober = Prober(school)
    key = session_of(school, school.administrator)
    cookie = {"Cookie": f"sessionid={key}"}
    file = SimpleUploadedFile("a.pdf", b"%PDF-1.7")
    shared = address_of(uploads.take(access_to(school.administrator, school.room), file=file))
    routes = [
        (name, prober.path(name, path)) for name, path, _converters in patterns(get_resolver().url_patterns)
    ]
    wrong: dict[str, Any] = {}
    statuses = set()

    def check(method: str, path: str, headers: dict[str, str], body: str = "") -> dict[str, str]:
        status, found = ask(web, method, path, headers, body)
        statuses.add(status)
        if lacks := missing(found):
            wrong[f"{method} {path} ({status})"] = lacks
        return found

    with front(tmp_path) as web:
        for _name, path in routes:
            for method, headers in (("GET", cookie), ("GET", {}), ("POST", cookie)):
                check(method, path, headers)
        for method, path in (
            ("GET", "/static/css/base.css"),
            ("GET", "/static/missing.css"),
            ("GET", "/nowhere/"),
            ("DELETE", "/"),
            ("PROPFIND", "/sign-in/"),
            ("GET", "/live/classes/stream"),
            ("GET", f"/live/classes/{school.room.key}/stream"),
        ):
            check(method, path, cookie)
        check("GET", "/", cookie, body="a body")
        check("POST", "/sign-in/", {"Content-Length": "9000000"}, body="short")
        check("POST", "/api/notifications/", {}, body="{}")
        found = check("GET", shared, {})
        raw = unparsable(web)
    assert not wrong
    assert missing(raw) == []
    assert found["cross-origin-resource-policy"] == "cross-origin"
    assert {200, 302, 400, 403, 404, 405, 413} <= statuses
    assert not {status for status in statuses if status >= 500} - {503}


def unparsable(web: Web) -> dict[str, str]:
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
        lines = connection.makefile("rb").read().decode().split("\r\n\r\n")[0].splitlines()
    assert lines[0].startswith("HTTP/1.1 400")
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}


def test_policies_allow_only_what_pages_use(school: School, tmp_path: Path) -> None:
    with front(tmp_path) as web:
        _status, headers = ask(web, "GET", "/", {"Cookie": f"sessionid={session_of(school, school.teacher)}"})
    assert "base-uri 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "camera=()" in headers["permissions-policy"]
    assert "microphone=()" in headers["permissions-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store, private"
    assert "strict-transport-security" not in headers


def attempt(web: Web, forwarded: str = "", password: str = "wrong") -> int:
    """Try to sign in, as a program without cookies. Return the status."""
    status, found = ask(web, "GET", "/sign-in/", {"Host": "school.example"})
    assert status == 200
    token = found["set-cookie"].partition("csrftoken=")[2].partition(";")[0]
    name = found["set-cookie"].partition("csrftoken=")[0] + "csrftoken"
    headers = {
        "Host": "school.example",
        "Origin": "https://school.example",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{name}={token}",
    }
    if forwarded:
        headers |= {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
    body = f"login={EMAIL}&password={password}&csrfmiddlewaretoken={token}"
    return ask(web, "POST", "/sign-in/", headers, body)[0]


def test_invented_addresses_change_nothing_without_a_trusted_proxy(db: None, tmp_path: Path) -> None:
    make_accounts()
    with front(tmp_path, TRUSTED_PROXIES="none", **PROXIED) as web:
        statuses = [attempt(web, f"198.51.100.{number}") for number in range(6)]
        invented = {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "Host": "school.example",
        }
        status, headers = ask(web, "GET", "/sign-in/", invented)
    assert statuses == [200] * 5 + [429]
    assert Attempts.objects.count() == 3  # of the account from here, of the address, and of the account
    assert status == 200
    assert "strict-transport-security" not in headers


def test_trusted_proxy_names_the_client_and_only_the_last_address_counts(db: None, tmp_path: Path) -> None:
    make_accounts()
    with front(tmp_path, **PROXIED) as web:
        statuses = [attempt(web, f"6.6.6.{number}, 198.51.100.7") for number in range(6)]
        owner = attempt(web, "203.0.113.5", PASSWORD)
        named = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Host": "school.example"}
        foreign = ask(web, "GET", "/sign-in/", named)[0]
        secure = ask(web, "GET", "/healthz", {"X-Forwarded-Proto": "https", "Host": "school.example"})[1]
    assert statuses == [200] * 5 + [429]
    assert owner == 302
    assert foreign == 400  # the proxy says that the browser asked for another host
    assert secure["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_cookies_under_https_belong_to_this_host_only(db: None, tmp_path: Path) -> None:
    make_accounts()
    with front(tmp_path, HSTS_PRELOAD="true", **PROXIED) as web:
        page = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
        proxy = {"Host": "school.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
        page.request("GET", "/sign-in/", headers=proxy)
        found = page.getresponse()
        token = cookies_of(found)["__Host-csrftoken"].partition(";")[0]
        assert "preload" in str(found.headers["Strict-Transport-Security"])
        found.read()
        page.request(
            "POST",
            "/sign-in/",
            f"login={EMAIL}&password={PASSWORD}&csrfmiddlewaretoken={token}",
            proxy
            | {
                "Origin": "https://school.example",
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"__Host-csrftoken={token}",
            },
        )
        signed_in = page.getresponse()
        assert signed_in.status == 302
        set_cookies = cookies_of(signed_in)
        page.close()
    assert {"__Host-sessionid", "__Host-device"} <= set(set_cookies)
    for name, value in set_cookies.items():
        assert name.startswith("__Host-")
        attributes = {part.strip().lower() for part in value.split(";")[1:]}
        assert {"secure", "path=/"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)


def cookies_of(answer: http.client.HTTPResponse) -> dict[str, str]:
    pairs = (one.partition("=") for one in answer.headers.get_all("Set-Cookie") or [])
    return {name: value for name, _, value in pairs}
