"""`/livez` and `/readyz`: what load balancers and orchestrators ask, and what they are told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.common import clock
from classroom_admin.common.version import version
from classroom_admin.operations import progress, readiness
from classroom_admin.sync.models import InboxAnswer, Lease
from tests.runtime.processes import wait_for
from tests.school import School
from tests.sync.test_lease import database_url
from tests.web.dashboard import Web, dashboard

UNKNOWN_HOST = {"Host": "10.9.8.7:8000"}
MOST_BYTES = 1000


@pytest.fixture(autouse=True)
def _checked_anew() -> Iterator[None]:
    readiness.forget()
    yield
    readiness.forget()
    readiness._stopping.clear()


def ask(
    web: Web, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def product(**env: str) -> dict[str, str]:
    """Return the environment of a process of the product, with the data folder of the tests."""
    return dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "classroom_admin.settings", **env}


def readyz() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def poll_was(seconds_ago: float) -> None:
    at = clock.now() - timedelta(seconds=seconds_ago)
    Lease.objects.update_or_create(app_id=settings.AGORA.app_id, defaults={"last_good_at": at})


@pytest.mark.django_db(transaction=True)
def test_web_process_answers_probes_for_any_host(tmp_path: Path) -> None:
    poll_was(3600)
    with dashboard(product(DATABASE_URL=database_url()), tmp_path / "web.log") as web:
        live = ask(web, "/livez", UNKNOWN_HOST)
        ready = ask(web, "/readyz", UNKNOWN_HOST)
        head = ask(web, "/readyz", UNKNOWN_HOST, "HEAD")
        posted = ask(web, "/livez", UNKNOWN_HOST, "POST")
        page = ask(web, "/sign-in/", UNKNOWN_HOST)
    assert (live[0], live[2]) == (200, b"ok\n")
    assert ready[0] == 200, ready
    found = json.loads(ready[2])
    assert found["ready"] is True
    assert found["version"] == version()
    assert found["problems"] == []
    assert found["progress"]["last_poll"]["late"] is True, "it is reported, but the process stays in rotation"
    assert (head[0], head[2]) == (200, b"")
    assert posted[0] == 405
    assert page[0] == 400, "all other addresses check the host"
    for _status, headers, body in (live, ready):
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert len(body) < MOST_BYTES


def test_database_that_hangs_or_is_away_makes_only_readyz_fail(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = product(DATABASE_URL=f"postgres://a:b@127.0.0.1:{silent.getsockname()[1]}/c")
        with dashboard(env, tmp_path / "web.log") as web:
            hanging = ask(web, "/readyz")
            live_meanwhile = ask(web, "/livez")
            silent.close()
            wait_for(lambda: readiness.DATABASE_AWAY in ask(web, "/readyz")[2].decode(), within_s=60)
            away = ask(web, "/readyz")
            live = ask(web, "/livez")
    assert hanging[0] == 503
    assert json.loads(hanging[2])["problems"] == [readiness.DATABASE_SLOW]
    assert away[0] == 503
    assert json.loads(away[2])["progress"] is None
    assert live_meanwhile[0] == live[0] == 200


@pytest.mark.django_db
def test_missing_migrations_make_the_process_unready() -> None:
    assert readyz()[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'rooms'")
    readiness.forget()
    status, found = readyz()
    assert status == 503
    assert found["ready"] is False
    assert "manage.py migrate" in found["problems"][0]
    assert "rooms." in found["problems"][0]


@pytest.mark.django_db
def test_many_probes_need_one_check(django_assert_num_queries: Any) -> None:
    readiness.missing_migrations()
    with django_assert_num_queries(5):
        for _ in range(20):
            assert readyz()[0] == 200


@pytest.mark.django_db
def test_process_is_unready_from_sigterm_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    try:
        readiness.notice_stop()
        assert readyz()[0] == 200
        signal.raise_signal(signal.SIGTERM)
        status, found = readyz()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert status == 503
    assert found["problems"] == [readiness.STOPPING]
    assert told == [signal.SIGTERM], "the server's own handler also runs"


def test_late_work_is_reported_and_leaves_the_process_ready(school: School) -> None:
    now = clock.now()
    poll_was(31)
    InboxAnswer.objects.create(
        source="poll", body=b"{}", http_status=200, received_at=now - timedelta(seconds=90)
    )
    ScheduledCommand.objects.create(
        kind=ScheduledCommand.Kind.REMOVAL,
        by=school.administrator,
        room=school.room,
        key="a person",
        due_at=now - timedelta(seconds=120),
        claimable_at=now - timedelta(seconds=120),
    )
    status, found = readyz()
    assert status == 200
    assert {name: (one["late"], one["limit_s"]) for name, one in found["progress"].items()} == {
        "last_poll": (True, 30.0),
        "oldest_unprojected_event": (True, 60.0),
        "oldest_due_command": (True, progress.COMMAND_LIMIT_S),
    }


@pytest.mark.django_db
def test_nothing_is_late_in_a_new_installation() -> None:
    _status, found = readyz()
    assert [one["late"] for one in found["progress"].values()] == [False, False, False]
    assert [one["age_s"] for one in found["progress"].values()] == [None, None, None]


@pytest.mark.django_db
def test_probes_of_signed_in_people_read_no_account(school: School) -> None:
    client = Client()
    client.force_login(school.administrator)
    client.get("/readyz")  # its own query is used again for some seconds
    with CaptureQueriesContext(connection) as queries:
        answers = [client.get(path) for path in ("/healthz", "/livez", "/readyz")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert queries.captured_queries == []
    assert client.get("/").status_code == 200, "the session is still there"
