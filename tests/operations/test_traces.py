"""Traces: one from a request through a task to the cloud, and nothing if they are off."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from classroom_admin.common import tracing
from classroom_admin.common.client_address import TrustedProxies
from classroom_admin.rooms.models import Room, RoomState
from classroom_admin.simulator.testing import running_simulator
from classroom_admin.web.trusted_proxies import BehindProxies
from tests.school import furnish
from tests.sync.test_lease import environment

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import json, logging, os, sys, time
os.environ["CELERY_BROKER_URL"] = "memory://"
import django
django.setup()
from celery.contrib.testing.worker import start_worker
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from classroom_admin.accounts.models import User
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.celery import app
from classroom_admin.common import tracing
from classroom_admin.common.trace_export import Hiding

key, secret = sys.argv[1:]
spans = InMemorySpanExporter()
tracing.begin(SimpleSpanProcessor(Hiding(spans)))
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(User.objects.get(role=User.Role.ADMINISTRATOR))
with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
    spans.clear()
    client.get("/sign-in/password/" + secret + "/", {"q": secret})
    answer = client.post("/together/", {"do": "end", "token": "a" * 24, "class": [key]})
    assert answer.status_code == 302, answer.status_code
    deadline = time.monotonic() + 60
    while ScheduledCommand.objects.exclude(state="done").exists():
        assert time.monotonic() < deadline, list(ScheduledCommand.objects.values("state", "problem"))
        time.sleep(0.05)
with tracing.span("a line in the log"):
    logging.getLogger("test").warning("in the trace %s", tracing.trace_id())
print("spans", json.dumps([json.loads(span.to_json()) for span in spans.get_finished_spans()]))
"""


@pytest.mark.django_db(transaction=True)
def test_request_command_task_and_call_are_one_trace() -> None:
    pytest.importorskip(
        "opentelemetry.instrumentation.django", reason="the packages of requirements-otel.txt are missing"
    )
    school = furnish()
    secret = "a-secret-of-a-link-0123456789"
    with running_simulator(plain=True) as sim:
        sim.make_room(school.room.room_uuid, roomName="Maths", state=1)
        Room.objects.filter(pk=school.room.pk).update(state=RoomState.STARTED)
        env = environment(sim) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "SECRET_KEY": settings.SECRET_KEY,
        }
        done = run(PROGRAM, school.room.key, secret, env=env)
    assert done.returncode == 0, done.stderr
    printed = next(line for line in done.stdout.splitlines() if line.startswith("spans "))
    spans = json.loads(printed.removeprefix("spans "))
    assert path_to(spans, "PUT") == [
        "POST together/",
        "apply_async/actions.run_long",
        "run/actions.run_long",
        "command class.end",
        "PUT",
    ]
    assert secret not in printed
    assert school.room.key not in printed, "no path of a page"
    assert sim.app_certificate not in printed
    (line,) = [line for line in done.stderr.splitlines() if "in the trace" in line]
    trace_id = re.search(r"in the trace ([0-9a-f]{32})\b", line)[1]
    assert line.count(trace_id) == 2, "a field of the record has the id, too"


def run(program: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=110,
    )


def path_to(spans: list[dict[str, Any]], last: str) -> list[str]:
    """Return the names from the beginning of a trace to the first span with the name `last`."""
    by_id = {span["context"]["span_id"]: span for span in spans}
    span: dict[str, Any] | None = next(span for span in spans if span["name"] == last)
    names: list[str] = []
    trace_id = span["context"]["trace_id"] if span else ""
    while span is not None:
        names.insert(0, span["name"])
        assert span["context"]["trace_id"] == trace_id
        span = by_id.get(span["parent_id"])
    return names


def test_without_the_variable_nothing_is_imported() -> None:
    program = (
        "import django, sys; django.setup(); import classroom_admin.asgi; "
        "extra = ('opentelemetry', 'prometheus_client'); "
        "print(sorted(name for name in sys.modules if name.startswith(extra)))"
    )
    env = dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    done = run(program, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_missing_packages_are_named_at_the_start(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None; import importlib.util as util; "
        "find = util.find_spec; "
        "util.find_spec = lambda name, *more: None if name[:4] == 'open' else find(name, *more); "
        "import django; django.setup()"
    )
    env = dict(os.environ) | {
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    }
    done = run(program, env=env)
    assert done.returncode == 1
    assert "pip install -r requirements-otel.txt" in done.stderr


def test_span_is_an_empty_block_without_the_variable() -> None:
    assert not tracing.is_on()
    with tracing.span("a command"):
        assert tracing.trace_id() == ""


@pytest.mark.parametrize(("peer", "kept"), [("10.0.0.7", [b"traceparent"]), ("203.0.113.9", [])])
def test_only_a_trusted_proxy_continues_a_trace(peer: str, kept: list[bytes]) -> None:
    seen: list[dict[str, Any]] = []

    async def inner(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    front = BehindProxies(inner, TrustedProxies.of(["10.0.0.0/8"]))
    headers = [(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    scope = {"type": "http", "headers": headers, "client": (peer, 1), "scheme": "http"}
    asyncio.run(front(scope, None, None))  # type: ignore[arg-type]
    assert [name for name, _ in seen[0]["headers"]] == kept
