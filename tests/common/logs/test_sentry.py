"""Errors arrive at a server with Sentry's interface, without personal data and without secrets."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.environment.test_variables import ROOT, problem, python, value

SECRET = "canary-of-the-relay-secret"
EMAIL = "ana.garcia@school.test"
FAILS = """
import logging
import django
django.setup()
from django.conf import settings
from django.test import Client
from django.test.utils import setup_test_environment
from classroom_admin.accounts import middleware
from classroom_admin.celery import app

setup_test_environment(debug=False)
client = Client(raise_request_exception=False, REMOTE_ADDR="192.0.2.77")

def broken(self, request):
    password = "local-variable-with-a-secret"
    raise RuntimeError(f"{settings.RELAY_SECRET} of ana.garcia@school.test at https://x.test/a?key=query-secret")

middleware.PrivatePages.__call__ = broken
for _ in range(3):
    client.get("/sign-in/password/path-secret/?name=Ana", headers={"cookie": "sessionid=cookie-secret"})

@app.task(name="tests.broken")
def task():
    raise LookupError("the task failed")

app.conf.task_store_errors_even_if_ignored = False
task.apply(task_id="t1")
logging.getLogger("x").warning("only a warning")
"""


class Received(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.raw: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def dsn(self) -> str:
        return f"http://publickey@127.0.0.1:{self.server_address[1]}/42"


class Handler(BaseHTTPRequestHandler):
    server: Received

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.raw.append(f"{self.headers}\n{body.decode()}")
        lines = body.decode().split("\n")
        for head, payload in zip(lines[1::2], lines[2::2], strict=False):
            if head and json.loads(head).get("type") == "event":
                self.server.events.append(json.loads(payload))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Received]:
    """Run a process in which a page and a task fail. Return the server that received its errors."""
    with Received() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        done = python(
            "-c", FAILS,
            DATA_DIR=str(tmp_path_factory.mktemp("sentry")), RELAY_SECRET=SECRET, SENTRY_DSN=server.dsn,
            ALLOWED_HOSTS="testserver", CELERY_BROKER_URL="memory://",
        )  # fmt: skip
        server.shutdown()
        thread.join()
        assert done.returncode == 0, done.stderr
        yield server


def test_each_error_arrives_once(received: Received) -> None:
    kinds = [event["exception"]["values"][-1]["type"] for event in received.events]
    assert sorted(kinds) == ["LookupError", "RuntimeError"]


def test_event_has_the_place_and_the_ids(received: Received) -> None:
    by_kind = {event["exception"]["values"][-1]["type"]: event for event in received.events}
    page, task = by_kind["RuntimeError"], by_kind["LookupError"]
    assert page["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "broken"
    assert page["exception"]["values"][-1]["value"] == "[hidden] of [email] at https://x.test/a?…"
    assert len(page["tags"]["request_id"]) == 16
    assert task["tags"]["task"] == "tests.broken"
    assert page["level"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        SECRET, EMAIL, "192.0.2.77", "local-variable", "query-secret", "cookie-secret", "path-secret",
        "name=Ana", "sessionid", "only a warning",
    ],
)  # fmt: skip
def test_event_has_no_secret_and_no_personal_data(received: Received, text: str) -> None:
    assert received.raw
    assert not [raw for raw in received.raw if text in raw]


def test_only_known_parts_of_events_are_sent(received: Received) -> None:
    for event in received.events:
        assert not {"user", "request", "extra", "breadcrumbs", "modules"} & set(event)


@pytest.mark.parametrize(
    "dsn",
    [
        "errors.test", "https://sentry.example.org/1", "https://key@sentry.example.org",
        "ftp://key@sentry.example.org/1", "https://key@sentry.example.org/x", "https://key@:0/1",
        "https://key@sentry.example.org:notaport/1",
    ],
)  # fmt: skip
def test_invalid_dsn_is_refused_without_printing_it(dsn: str) -> None:
    said = problem("SENTRY_DSN", dsn)
    assert said.startswith("SENTRY_DSN: it must be the DSN of a project in Sentry")
    assert dsn not in said


def test_valid_dsns_are_accepted() -> None:
    for dsn in ("https://key@sentry.example.org/1", "http://key:secret@10.0.0.1:9000/sentry/12"):
        assert value("SENTRY_DSN", dsn) == dsn


def test_missing_package_stops_the_start_with_a_message(tmp_path: Any) -> None:
    code = (
        "import sys; sys.modules['sentry_sdk'] = None; sys.argv = ['manage.py', 'check']; "
        "import manage; manage.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        env=os.environ | {
            "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
            "SENTRY_DSN": "https://key@sentry.example.org/1",
        },
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "A setting is not right: SENTRY_DSN needs the package sentry-sdk: "
        "pip install -r requirements-sentry.txt\n"
    )
