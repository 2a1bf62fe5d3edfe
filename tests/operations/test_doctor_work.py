"""`manage.py doctor` about administrators, database connections, workers and beat."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from classroom_admin.accounts.models import User
from classroom_admin.celery import app
from classroom_admin.common import clock
from classroom_admin.common.encryption import encrypt
from classroom_admin.integrations.webhooks.models import Endpoint
from classroom_admin.operations import doctor_work
from classroom_admin.runtime import broker
from classroom_admin.runtime.installation import Installation
from classroom_admin.runtime.installation import workers as worker_parts
from classroom_admin.sync.models import Lease
from tests.operations.test_commands import ROOT
from tests.operations.test_doctor_machine import check
from tests.runtime.processes import wait_for
from tests.runtime.test_broker import running

pytestmark = pytest.mark.django_db


def test_failing_webhooks_are_named(settings: Any) -> None:
    settings.PUBLIC_URL = "https://classes.school.example"
    check(doctor_work.outgoing_webhooks(), "skipped")
    made = Endpoint.objects.create(address="https://lms.test/", description="LMS", secret=encrypt("x"))
    check(doctor_work.outgoing_webhooks(), "ok")
    Endpoint.objects.filter(pk=made.pk).update(failing_since=clock.now())
    words = ("LMS", "https://classes.school.example/settings/webhooks/")
    check(doctor_work.outgoing_webhooks(), "warning", *words)


def test_dashboard_without_an_administrator_is_reported_with_the_address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://classes.school.example"
    words = ("no administrator yet", "https://classes.school.example/first-run/", "createsuperuser")
    check(doctor_work.administrator(), "warning", *words)
    ada = User.objects.create_superuser("ada@school.test")
    check(doctor_work.administrator(), "ok")
    User.objects.filter(pk=ada.pk).update(is_active=False)
    check(doctor_work.administrator(), "failed", "deactivated")


def test_free_connections_of_the_database_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        check(doctor_work.database_connections(), "skipped")
        return
    check(doctor_work.database_connections(), "ok", "connections of the database are in use")
    monkeypatch.setattr(doctor_work, "NEEDED_CONNECTIONS", 10_000)
    check(doctor_work.database_connections(), "warning", "max_connections")


@pytest.fixture
def socket(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run an embedded broker, and let the doctor and the workers of the test use it."""
    with running(tmp_path) as (path, _server):
        settings.BROKER_SOCKET, settings.CELERY_BROKER_URL = path, broker.url(path)
        for name in ("broker_url", "broker_read_url", "broker_write_url"):
            monkeypatch.setitem(app.conf, name, broker.url(path))
        monkeypatch.setattr(app, "_pool", None)  # Celery sends its questions through pools of connections
        monkeypatch.setattr(app.amqp, "_producer_pool", None)
        yield path
        app.pool.force_close_all()


def test_queue_without_a_worker_is_named(socket: Path, settings: Any, tmp_path: Path) -> None:
    queues = {"sync", *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}
    assert "poll" in queues
    missing = f"No worker answers for: {', '.join(sorted(queues))}."
    check(doctor_work.workers(), "failed", missing, "serve")
    here = Installation.of_settings(broker_socket=socket)
    removed = ("DJANGO_SETTINGS_MODULE", "CELERY_BROKER_URL", "DATA_DIR", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if name not in removed}
    poll = next(part for part in worker_parts(here, cores=2) if part.name == "poll")
    process = subprocess.Popen(poll.argv, cwd=ROOT, env=kept | {"DATA_DIR": str(tmp_path)})
    try:
        wait_for(lambda: "poll" not in doctor_work.workers().message, within_s=60)
        check(doctor_work.workers(), "failed", "No worker answers for: sync.")
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_beat_that_stands_still_is_reported(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    check(doctor_work.beat(), "failed", "No periodic task has ever run", "beat")
    lease = Lease.objects.create(app_id="a:projection", renewed_at=clock.now())
    check(doctor_work.beat(), "ok")
    Lease.objects.filter(pk=lease.pk).update(renewed_at=clock.now() - timedelta(minutes=10))
    check(doctor_work.beat(), "failed", "The last periodic task ran 60")
    check(doctor_work.workers(), "skipped", "broker does not answer")
    settings.CELERY_BROKER_URL = "memory://"
    check(doctor_work.beat(), "skipped")
    check(doctor_work.workers(), "skipped")
