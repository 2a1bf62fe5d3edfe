"""All parts of `serve` with RabbitMQ: a class from start to end, and a broker that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from amqp.exceptions import AccessRefused
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu import Connection

from classroom_admin import settings_data
from classroom_admin.actions import scheduled
from classroom_admin.celery import app
from classroom_admin.operations import doctor_checks
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync.models import Lease
from scripts import rabbitmq
from tests.operations.test_commands import MANAGE, READY, ROOT, UNWANTED, Program
from tests.runtime.processes import marked, wait_for
from tests.sync.comparison import assert_all_stored_once, assert_rooms_match, emitted, stored
from tests.sync.test_lease import environment

WITHIN_S = 120.0
QUEUES = ("poll", "promised", "sync", "celery")

pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not rabbitmq.is_installed(),
        reason="RabbitMQ is not installed (Debian: rabbitmq-server); make test-rabbitmq installs it",
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rabbitmq.RabbitMQ]:
    made = rabbitmq.RabbitMQ(tmp_path_factory.mktemp("rabbitmq"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        yield simulator


class Served:
    """`serve` for one simulator, with RabbitMQ."""

    def __init__(self, sim: RunningSimulator, folder: Path, url: str) -> None:
        self.sim = sim
        kept = ("AGORA_", "DATABASE_", "LOG_")
        self.env = {name: value for name, value in environment(sim).items() if name.startswith(kept)}
        self.env |= {"SECRET_KEY": settings.SECRET_KEY, "CELERY_BROKER_URL": url}
        self.program = Program(*MANAGE, "serve", data_dir=folder, **self.env)
        self.folder = folder

    def doctor(self) -> dict[str, dict[str, str]]:
        """Return the findings of `manage.py doctor` by the names of the checks."""
        clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        own = {"DATA_DIR": str(self.folder), "PORT": str(self.program.port)}
        done = subprocess.run(
            [sys.executable, "manage.py", "doctor", "--json"], cwd=ROOT, env=clean | self.env | own,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return {one["name"]: one for one in json.loads(done.stdout)["checks"]}

    def wait_until_stored(self) -> None:
        wait_for(lambda: set(stored()) == set(emitted(self.sim)), within_s=WITHIN_S)

    def wait_until_the_cloud_is_polled(self) -> None:
        """Wait for a poll that began after now."""
        now = timezone.now()
        wait_for(lambda: Lease.objects.filter(last_good_at__gt=now).exists(), within_s=WITHIN_S)


@pytest.fixture
def served(sim: RunningSimulator, server: rabbitmq.RabbitMQ, tmp_path: Path) -> Iterator[Served]:
    found = Served(sim, tmp_path / "data", server.url)
    yield found
    if found.program.process.poll() is None:
        found.program.process.kill()
        found.program.process.wait(timeout=30)
    wait_for(lambda: not marked(found.program.mark))


def waiting(url: str, queue: str) -> int:
    """Return the number of messages in a queue that no worker has yet. The queue must exist."""
    with Connection(url) as connection:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)


def online(room: str) -> set[str]:
    people = Participant.objects.filter(room__room_uuid=room, online=True)
    return set(people.values_list("user_uuid", flat=True))


def test_class_runs_from_start_to_end_while_rabbitmq_is_killed_and_comes_back(
    served: Served, server: rabbitmq.RabbitMQ, sim: RunningSimulator
) -> None:
    program = served.program
    program.wait_said(READY, within_s=WITHIN_S)
    sim.make_room("latin", roomName="Latin", state=0)
    sim.room("latin", "enter", userUuid="t", userName="Ms Noether", role=1)
    sim.room("latin", "enter", userUuid="ada", userName="Ada", role=2)
    sim.room("latin", "state", state=1)
    served.wait_until_stored()
    wait_for(lambda: online("latin") == {"t", "ada"}, within_s=WITHIN_S)
    found = served.doctor()
    assert [found[name]["status"] for name in ("broker", "workers", "beat", "versions")] == ["ok"] * 4, found
    assert "RabbitMQ 3." in found["versions"]["message"]

    for round_ in range(3):
        server.kill()
        if round_ == 2:
            server.forget()
        found = served.doctor()
        assert found["broker"]["status"] == "failed", found
        assert found["workers"]["status"] == "skipped", found
        assert program.get("/healthz") == (200, "ok\n")
        sim.room("latin", "enter", userUuid=f"late {round_}", userName="Lea", role=2)
        server.start()
        served.wait_until_the_cloud_is_polled()
        served.wait_until_stored()
        wait_for(lambda n=round_: f"late {n}" in online("latin"), within_s=WITHIN_S)
    wait_for(lambda: served.doctor()["workers"]["status"] == "ok", within_s=WITHIN_S)

    sim.room("latin", "state", state=2)
    served.wait_until_stored()
    wait_for(lambda: Room.objects.get(room_uuid="latin").current_state == 2, within_s=WITHIN_S)
    assert_all_stored_once(sim)
    assert_rooms_match(sim)
    wait_for(lambda: max(waiting(server.url, queue) for queue in QUEUES) < 10, within_s=WITHIN_S)
    code, said = program.end(signal.SIGTERM)
    assert code == 0, said
    assert "Traceback" not in said, said


@pytest.fixture
def sends_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that lets this process send its messages to the broker at an address."""

    def use(url: str) -> None:
        for name in ("broker_url", "broker_read_url", "broker_write_url"):
            monkeypatch.setitem(app.conf, name, url)
        monkeypatch.setitem(app.conf, "broker_transport_options", settings_data.broker_options(url))
        monkeypatch.setattr(app, "_pool", None)  # of connections to another broker
        monkeypatch.setattr(app.amqp, "_producer_pool", None)
        monkeypatch.setattr(settings, "BROKER_SOCKET", None)
        monkeypatch.setattr(settings, "CELERY_BROKER_URL", url)

    yield use
    app.pool.force_close_all()


def test_messages_expire_if_no_worker_takes_them(
    server: rabbitmq.RabbitMQ, sends_to: Callable[[str], None]
) -> None:
    sends_to(server.url)
    for _ in range(20):
        app.send_task("sync.fold_due", expires=600)
        app.send_task("sync.poll", expires=1)
    wait_for(lambda: waiting(server.url, "sync") >= 20, within_s=WITHIN_S)
    wait_for(lambda: waiting(server.url, "poll") == 0, within_s=WITHIN_S)


def test_refused_password_fails_no_command_and_doctor_says_so(
    server: rabbitmq.RabbitMQ, sends_to: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    wrong = server.url.replace(server.password, "wrong")
    with pytest.raises(AccessRefused), Connection(wrong) as connection:
        connection.ensure_connection(max_retries=0)
    sends_to(wrong)
    with transaction.atomic():
        scheduled.wake_up(scheduled.RUN_SCHEDULED)
    assert "no wake-up could be sent" in caplog.text
    found = doctor_checks.broker()
    assert (found.status, "the password" in found.fix) == ("failed", True)
