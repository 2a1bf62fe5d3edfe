"""`manage.py doctor` on the way to PUBLIC_URL: its name, its certificate, and the webhooks."""

from __future__ import annotations

import socketserver
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.operations import doctor_network
from classroom_admin.simulator.testing import running_simulator
from tests.operations.small_servers import make_certificate, running
from tests.operations.test_doctor_machine import check
from tests.sync.test_lease import environment
from tests.web.dashboard import dashboard

SECRET = "a long secret of a webhook, 40 characters"


def test_name_without_an_address_fails(settings: Any) -> None:
    settings.PUBLIC_URL = "https://classes.school.invalid"
    check(doctor_network.dns(), "failed", "classes.school.invalid has no address", "PUBLIC_URL")
    settings.PUBLIC_URL = "http://192.168.0.7"
    check(doctor_network.dns(), "ok", "192.168.0.7")
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    check(doctor_network.dns(), "skipped")


def hold(connection: socketserver.StreamRequestHandler) -> None:
    connection.rfile.readline()


@pytest.mark.parametrize(
    ("days", "name", "status", "words"),
    [
        (60.5, "localhost", "ok", "valid for 60 more days"),
        (5.5, "localhost", "warning", "ends in 5 days"),
        (-1, "localhost", "failed", "certificate has expired"),
        (60, "elsewhere.school.test", "failed", "Hostname mismatch"),
    ],
)
def test_certificate(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    days: float,
    name: str,
    status: str,
    words: str,
) -> None:
    with running(hold, context=make_certificate(tmp_path, days=days, name=name)) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
        settings.PUBLIC_URL = f"https://localhost:{port}"
        check(doctor_network.certificate(), status, words)


def test_certificate_that_nobody_trusts_and_a_server_without_tls_fail(settings: Any, tmp_path: Path) -> None:
    with running(hold, context=make_certificate(tmp_path, days=60)) as port:
        settings.PUBLIC_URL = f"https://localhost:{port}"
        check(doctor_network.certificate(), "failed", "self-signed certificate", "whole chain")

    def speak_http(connection: socketserver.StreamRequestHandler) -> None:
        connection.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.rfile.readline()

    with running(speak_http) as port:
        settings.PUBLIC_URL = f"https://localhost:{port}"
        check(doctor_network.certificate(), "failed", "No TLS connection")
    settings.PUBLIC_URL = "https://localhost:1"
    check(doctor_network.certificate(), "skipped", "does not answer")
    settings.PUBLIC_URL = "http://localhost:1"
    check(doctor_network.certificate(), "skipped", "not https")


@pytest.mark.django_db(transaction=True)
def test_webhooks_are_asked_through_the_public_address(settings: Any, tmp_path: Path) -> None:
    check(doctor_network.webhooks(), "skipped", "No webhook")
    with running_simulator(plain=True) as sim:
        env = environment(sim) | {"RELAY_SECRET": SECRET}
        with dashboard(env, tmp_path / "web.log") as web:
            settings.PUBLIC_URL = f"http://127.0.0.1:{web.port}"
            settings.RELAY_SECRET = SECRET
            check(doctor_network.webhooks(), "ok", "RELAY_SECRET")
            settings.AGORA_NOTIFICATIONS_SECRET = SECRET  # the dashboard was started without it
            check(doctor_network.webhooks(), "failed", "/api/agora/notifications", "status 404", "Restart")
        check(doctor_network.webhooks(), "failed", "does not answer")
    settings.AGORA = replace(settings.AGORA, chat_url="http://127.0.0.1:9")
    check(doctor_network.webhooks(), "warning", "AGORA_CHAT_SECRET")


@pytest.mark.django_db(transaction=True)
def test_webhook_of_agora_needs_an_address_on_the_internet(settings: Any, tmp_path: Path) -> None:
    with running_simulator(plain=True) as sim:
        env = environment(sim) | {"AGORA_NOTIFICATIONS_SECRET": SECRET}
        with dashboard(env, tmp_path / "web.log") as web:
            settings.PUBLIC_URL, settings.AGORA_NOTIFICATIONS_SECRET = f"http://127.0.0.1:{web.port}", SECRET
            check(doctor_network.webhooks(), "warning", "Agora can't reach")
