"""Known secrets do not appear in logs, error pages, error mails and tracebacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.views import debug

from classroom_admin.common import secret_values
from classroom_admin.common.redaction import HIDDEN
from tests.environment.test_variables import python

CANARY = "canary/of a'secret\"&1"
PASSWORD = "hunter2-in-a-frame"
URL = "redis://:pass-of-the-broker@broker.test:6379/0"


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_values, "_known", set(secret_values._known))
    monkeypatch.setattr(secret_values, "_pattern", None)
    secret_values.remember([CANARY])


@pytest.mark.parametrize(
    "text",
    [
        f"before {CANARY} after",
        f"{[CANARY]!r}",
        "canary/of a&#x27;secret&quot;&amp;1",
        "https://x.test/?a=canary%2Fof%20a%27secret%22%261",
        "canary/of%20a%27secret%22%261",
    ],
)
def test_secret_is_hidden_in_every_form(text: str) -> None:
    hidden = secret_values.hide(text)
    assert HIDDEN in hidden
    assert "canary" not in hidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"cannot connect to {URL}", f"cannot connect to redis://:{HIDDEN}@broker.test:6379/0"),
        ("postgres://ana:x@db/c", f"postgres://ana:{HIDDEN}@db/c"),
        ("https://classes.test:8000/a@b", "https://classes.test:8000/a@b"),
        ("no secret", "no secret"),
    ],
)
def test_passwords_in_addresses_are_hidden(text: str, shown: str) -> None:
    assert secret_values.hide(text) == shown


def failure() -> tuple[HttpRequest, tuple[Any, Any, Any]]:
    """Return a request and an exception whose frame and message contain secrets."""

    def fail(password: str, address: str, innocent: str) -> None:
        raise ConnectionError(f"cannot use {address} with {CANARY}")

    try:
        fail(PASSWORD, URL, f"holds {CANARY}")
    except ConnectionError as error:
        return RequestFactory().get("/"), (type(error), error, error.__traceback__)
    raise AssertionError


@pytest.mark.parametrize("is_debug", [True, False])
def test_error_pages_and_mails_show_no_secret(settings: Any, is_debug: bool) -> None:
    settings.DEBUG = is_debug
    settings.CELERY_BROKER_URL = settings.CELERY_BROKER_READ_URL = URL
    settings.DATABASE_URL, settings.RELAY_SECRET = "postgres://ana:pass-of-the-database@db/c", CANARY
    request, caught = failure()
    reporter = debug.get_exception_reporter_class(request)(request, *caught)
    for text in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "ConnectionError" in text
        for secret in (
            "canary",
            "pass-of-the-",
            "hunter2",
            settings.SECRET_KEY,
            settings.AGORA.app_certificate,
        ):
            assert not secret or secret not in text


def test_short_values_are_not_hidden() -> None:
    secret_values.remember(["abc", ""])
    assert secret_values.hide("abc abc") == "abc abc"


FAILS = """
import django, threading
django.setup()
from django.conf import settings
def fail():
    raise RuntimeError(f"{settings.RELAY_SECRET} {settings.CELERY_BROKER_URL}")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_tracebacks_of_processes_and_threads_show_no_secret(tmp_path: Any) -> None:
    relay = "canary-of-the-relay-secret"
    done = python("-c", FAILS, DATA_DIR=str(tmp_path), RELAY_SECRET=relay, CELERY_BROKER_URL=URL)
    assert done.returncode == 1
    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert [record["event"] for record in records] == ["uncaught exception"] * 2
    assert all("RuntimeError" in record["exception"] for record in records)
    assert "canary" not in done.stderr
    assert "pass-of" not in done.stderr
