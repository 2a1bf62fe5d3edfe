"""A real OpenID Connect provider in a process of its own, for the tests of school sign-on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from tests.browser.school import free_port

START_S = 60


@dataclass(frozen=True)
class RunningProvider:
    """The provider at `url`, which is also its issuer."""

    url: str

    def person(self, sub: str, **claims: Any) -> None:
        """Create or replace a person with these claims."""
        answer = self._send("PUT", f"{self.url}/users/{sub}", json=claims)
        assert answer.status_code == 204, answer.text

    def agree(self, address: str, sub: str) -> str:
        """Sign in at the provider's page as `sub`. Return the address to which it sends the browser."""
        return self._decide(address, {"sub": sub})

    def deny(self, address: str) -> str:
        """Cancel at the provider's page. Return the address to which the provider sends the browser."""
        return self._decide(address, {"action": "deny"})

    def _decide(self, address: str, form: dict[str, str]) -> str:
        assert address.startswith(f"{self.url}/"), address
        answer = self._send("POST", address, data=form, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def _send(self, method: str, address: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, address, timeout=20, **options)


@contextmanager
def running_provider(*options: str) -> Iterator[RunningProvider]:
    """Run `oidc_provider_mock` on 127.0.0.1, and end it afterwards."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    provider = RunningProvider(f"http://127.0.0.1:{port}")
    try:
        _wait_until_ready(provider, process)
        yield provider
    finally:
        process.terminate()
        process.wait(timeout=20)


def sign_in(provider: RunningProvider, client: Client, key: str, sub: str, following: str = "") -> Any:
    """Sign `sub` in with the test client. Return the answer to the provider's redirect."""
    first = client.get(f"/sign-in/school/{key}/", {"next": following} if following else {})
    assert first.status_code == 302, first.content.decode()
    return come_back(client, provider.agree(first["Location"], sub))


def come_back(client: Client, address: str) -> Any:
    """Open the callback address with the test client."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def _wait_until_ready(provider: RunningProvider, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the provider ended by itself"
        try:
            provider._send("GET", f"{provider.url}/.well-known/openid-configuration")
        except requests.ConnectionError:
            time.sleep(0.05)  # between two requests; the deadline above decides
        else:
            return
    raise AssertionError(f"the provider did not start within {START_S} s")
