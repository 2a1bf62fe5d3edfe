"""`manage.py doctor`: it finds each mistake, says what to do, and never hangs."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test import Client

from classroom_admin.operations import doctor_checks, doctor_front
from classroom_admin.operations.doctor_result import Result, failed, ok
from classroom_admin.operations.probes import probe_token
from classroom_admin.simulator.testing import running_simulator
from tests.operations.bad_proxy import Proxy, running_proxy
from tests.operations.test_commands import ROOT
from tests.sync.test_lease import environment
from tests.web.dashboard import dashboard

LONG_KEY = "a-long-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"
FRONT = [check.__name__ for check in doctor_front.CHECKS]


@pytest.mark.parametrize(
    ("check", "changes", "status", "words"),
    [
        (doctor_checks.debug, {"DEBUG": False}, "ok", "off"),
        (doctor_checks.debug, {"DEBUG": True}, "warning", "Debug pages"),
        (doctor_checks.debug, {"DEBUG": True, "PUBLIC_URL": "https://a.example"}, "failed", "Debug pages"),
        (doctor_checks.secret_key, {"SECRET_KEY": LONG_KEY}, "ok", "long enough"),
        (doctor_checks.secret_key, {"SECRET_KEY": "b"}, "failed", "guess"),
        (doctor_checks.secret_key, {"SECRET_KEY": "ab" * 40}, "failed", "guess"),
        (doctor_checks.public_url, {"PUBLIC_URL": "https://a.example"}, "ok", "https"),
        (doctor_checks.public_url, {"PUBLIC_URL": "http://a.example"}, "failed", "without encryption"),
        (doctor_checks.public_url, {"PUBLIC_URL": "http://192.168.0.7"}, "warning", "without encryption"),
        (doctor_checks.public_url, {"PUBLIC_URL": "http://127.0.0.1:8000"}, "skipped", "Only this machine"),
        (
            doctor_checks.trusted_proxies,
            {"PUBLIC_URL": "https://a.example", "TRUSTED_PROXIES": ()},
            "failed",
            "TRUSTED_PROXIES",
        ),
        (
            doctor_checks.trusted_proxies,
            {"PUBLIC_URL": "http://a.example", "TRUSTED_PROXIES": ("10.0.0.0/8",)},
            "warning",
            "none",
        ),
        (
            doctor_checks.trusted_proxies,
            {"PUBLIC_URL": "https://a.example", "TRUSTED_PROXIES": ("10.0.0.7/32",)},
            "ok",
            "10.0.0.7",
        ),
        (doctor_checks.second_factor, {"SECOND_FACTOR": "nobody"}, "warning", "second factor"),
        (doctor_checks.second_factor, {"SECOND_FACTOR": "administrators"}, "ok", "administrators"),
        (doctor_checks.cloud, {"AGORA": replace(django_settings.AGORA, app_id="")}, "failed", "AGORA_APP_ID"),
        (doctor_checks.broker, {"BROKER_SOCKET": Path("/nowhere/broker.sock")}, "failed", "serve"),
        (
            doctor_checks.broker,
            {"BROKER_SOCKET": None, "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"},
            "failed",
            "CELERY_BROKER_URL",
        ),
        (
            doctor_checks.shared_cache,
            {
                "CACHES": {
                    "default": {
                        "BACKEND": "django.core.cache.backends.redis.RedisCache",
                        "LOCATION": "redis://127.0.0.1:1/0",
                    }
                }
            },
            "failed",
            "CACHE_URL",
        ),
    ],
)
def test_settings_and_services(
    settings: Any, check: Callable[[], Result], changes: dict[str, Any], status: str, words: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = check()
    assert found.status == status
    assert words in f"{found.message} {found.fix}"
    assert bool(found.fix) == (status in ("warning", "failed"))


def test_data_that_others_can_open_is_named(settings: Any, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settings.DATA_DIR = tmp_path
    (tmp_path / "secret_key").touch(mode=0o600)
    assert doctor_checks.data_folder().status == "ok"
    (tmp_path / "secret_key").chmod(0o644)
    found = doctor_checks.data_folder()
    assert found.status == "failed"
    assert "secret_key" in found.message


@pytest.mark.django_db(transaction=True)
def test_missing_migration_is_named() -> None:
    assert doctor_checks.database().status == "ok"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts' AND name = '0008_attempts'")
    try:
        found = doctor_checks.database()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) "
                "VALUES ('accounts', '0008_attempts', CURRENT_TIMESTAMP)"
            )
    assert found.status == "failed"
    assert "accounts.0008_attempts" in found.message


def test_hung_check_fails_and_the_others_report() -> None:
    released = threading.Event()

    def hangs() -> Result:
        released.wait(120)
        return ok("too late")

    def works() -> Result:
        return ok("fine")

    begun = time.monotonic()
    hung, fine = doctor_checks.run([hangs, works], within_s=0.5)
    assert time.monotonic() - begun < 60
    released.set()
    assert (hung.status, fine.status) == ("failed", "ok")
    assert "No answer within" in hung.message


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_unexpected_error_of_a_check_is_no_time_out() -> None:
    def divides() -> Result:
        raise ZeroDivisionError

    found, fine = doctor_checks.run([divides, lambda: ok("fine")])
    assert (found.status, fine.status) == ("failed", "ok")
    assert "unexpected error: ZeroDivisionError" in found.message
    assert "Report" in found.fix


def test_database_that_is_away_is_reported_once() -> None:
    def asks() -> Result:
        raise DatabaseError("away")

    def database() -> Result:
        return failed("The database does not answer.", "Start it.")

    assert [one.status for one in doctor_checks.run([database, asks])] == ["failed", "skipped"]
    assert [one.status for one in doctor_checks.run([asks])] == ["failed"]


def test_probe_answers_only_this_installation() -> None:
    client = Client()
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/healthz", {"probe": "invented:abc:def"}).content == b"ok\n"
    assert client.get("/healthz", {"probe": probe_token()}).json()["address"] == "127.0.0.1"


@pytest.fixture
def proxied(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Proxy]:
    """Run the web process behind a proxy that it trusts, and let doctor's settings name both."""
    with running_simulator(plain=True) as sim, running_proxy() as proxy:
        settings.PUBLIC_URL = f"http://127.0.0.1:{proxy.port}"
        settings.TRUSTED_PROXIES = ("127.0.0.1/32",)
        env = environment(sim) | {"PUBLIC_URL": settings.PUBLIC_URL, "TRUSTED_PROXIES": "127.0.0.1"}
        with dashboard(env, tmp_path / "web.log") as web:
            settings.HOST, settings.PORT, proxy.upstream = "127.0.0.1", web.port, web.port
            yield proxy


def front(*names: str) -> dict[str, Any]:
    checks = [check for check in doctor_front.CHECKS if check.__name__ in (names or FRONT)]
    return {finding.name: finding for finding in doctor_checks.run(checks)}


def test_each_mistake_of_a_proxy_is_found(proxied: Proxy, settings: Any) -> None:
    assert {name: found.status for name, found in front().items()} == dict.fromkeys(FRONT, "ok")

    proxied.forwarded_for = "pass"
    found = front("client_address")["client_address"]
    assert (found.status, "believes an invented" in found.message) == ("failed", True)
    proxied.forwarded_for = "append"  # the proxy and doctor have the same address
    assert front("client_address")["client_address"].status == "skipped"
    proxied.forwarded_for = "remove"
    found = front("client_address")["client_address"]
    assert (found.status, "does not say who" in found.message) == ("failed", True)
    proxied.forwarded_for = "overwrite"

    proxied.scheme = "https"
    found = front("scheme_and_host")["scheme_and_host"]
    assert (found.status, "sees https instead of http" in found.message) == ("failed", True)
    proxied.scheme, proxied.host = "http", "localhost"
    found = front("scheme_and_host")["scheme_and_host"]
    assert (found.status, "the host localhost" in found.message) == ("failed", True)
    proxied.host, proxied.forwarded_host = "", "pass"
    found = front("scheme_and_host")["scheme_and_host"]
    assert (found.status, "X-Forwarded-Host" in found.message) == ("warning", True)
    proxied.forwarded_host = "overwrite"

    proxied.buffers = True
    found = front("stream")["stream"]
    assert (found.status, "collects events" in found.message) == ("failed", True)
    proxied.buffers = False

    proxied.largest_body = 1_000_000
    found = front("body_limit")["body_limit"]
    assert (found.status, "client_max_body_size" in found.fix) == ("warning", True)


def test_hung_and_missing_proxies_are_reported_in_time(proxied: Proxy, settings: Any) -> None:
    proxied.hangs = True
    begun = time.monotonic()
    found = front()
    assert time.monotonic() - begun < doctor_checks.DEADLINE_S + 20
    assert found["web_process"].status == "ok"
    assert found["public_address"].status == "failed"
    assert "no answer in time" in found["public_address"].message
    assert {found[name].status for name in FRONT[2:]} == {"skipped"}
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    found = front()
    assert "no connection" in found["public_address"].message
    assert {found[name].status for name in FRONT[2:]} == {"skipped"}


@pytest.mark.django_db(transaction=True)
def test_proxy_that_is_not_trusted_is_named(tmp_path: Path, settings: Any) -> None:
    with running_simulator(plain=True) as sim, running_proxy() as proxy:
        settings.PUBLIC_URL = f"http://127.0.0.1:{proxy.port}"
        env = environment(sim) | {"PUBLIC_URL": settings.PUBLIC_URL, "TRUSTED_PROXIES": "none"}
        with dashboard(env, tmp_path / "web.log") as web:
            settings.HOST, settings.PORT, proxy.upstream = "127.0.0.1", web.port, web.port
            found = front("client_address")["client_address"]
            doctor = [sys.executable, "manage.py", "doctor"]
            more = {
                "SECRET_KEY": settings.SECRET_KEY,
                "PORT": str(web.port),
                "CELERY_BROKER_URL": "memory://",
            }
            bad = subprocess.run(
                [*doctor, "--json"], cwd=ROOT, env=env | more, capture_output=True, text=True, timeout=120
            )
            proxy.forwarded_for = "remove"
            good = subprocess.run(
                doctor, cwd=ROOT, env=env | more, capture_output=True, text=True, timeout=120
            )
    assert (found.status, found.fix.startswith("Set TRUSTED_PROXIES=127.0.0.1")) == ("failed", True)
    assert bad.returncode == 1, bad.stderr
    told = json.loads(bad.stdout)
    assert told["ok"] is False
    assert [check["name"] for check in told["checks"]] == [one.__name__ for one in doctor_checks.CHECKS]
    assert all(set(check) == {"name", "status", "message", "fix"} for check in told["checks"])
    failures = [check["name"] for check in told["checks"] if check["status"] == "failed"]
    assert failures == ["client_address"], bad.stdout
    assert settings.SECRET_KEY not in bad.stdout
    assert good.returncode == 0, good.stdout + good.stderr
    assert "ok       cloud:" in good.stdout
