"""A busy installation is lost and restored: the restored one has every event that the cloud still has."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from classroom_admin.accounts.models import User
from classroom_admin.audit import chain
from classroom_admin.audit.models import Step
from classroom_admin.audit.record import add_step, record
from classroom_admin.common import clock
from classroom_admin.operations.backups import restoring, verification
from classroom_admin.privacy import erasure_ledger, person_jobs
from classroom_admin.privacy.person import subject_of
from classroom_admin.rooms.models import Participant, Room
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from classroom_admin.sync import competing_reader
from classroom_admin.sync.models import RoomCursor, StoredEvent
from tests import quick_python
from tests.chaos.checks import all_stored, wait_until
from tests.chaos.processes import ProcessGroup
from tests.chaos.school import School
from tests.operations.databases import (
    another_database,
    connected_to,
    empty_installation,
    every_table,
    frozen,
)
from tests.sync.comparison import emitted, stored
from tests.sync.conftest import config_for
from tests.sync.test_lease import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
WITHIN_S = 100
GONE = "p-gone"
"""The cloud user id of a person who is erased after the backup."""


@pytest.fixture
def sim(settings: Any) -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        settings.AGORA = config_for(simulator)
        yield simulator


@contextmanager
def processes_of(sim: RunningSimulator, folder: Path) -> Iterator[ProcessGroup]:
    """Run processes that poll and project, for the installation that the settings name."""
    group = ProcessGroup(sim, folder, per_second=0)
    try:
        for role in ("poll", "work", "work"):
            group.start(role)
        yield group
        assert group.failures() == ""
    finally:
        group.close()


@pytest.fixture
def old(sim: RunningSimulator, tmp_path: Path) -> Iterator[ProcessGroup]:
    """The processes of the old installation."""
    with processes_of(sim, tmp_path / "processes of the old one") as group:
        yield group
    erasure_ledger.ledger_path().unlink(missing_ok=True)
    erasure_ledger.forget()
    chain.forget_outside()


class Background:
    """Repeat something in a thread during a block, at least once."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while True:
            self._work()
            if self._end.wait(0.02):
                return

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()


def restore(path: Path, folder: Path, name: str) -> str:
    """Run `manage.py restore` in a process of its own. Return what it prints."""
    with connected_to(name):
        address = database_url()
    ledger = erasure_ledger.ledger_path()
    env = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
    env |= {
        "DATA_DIR": str(folder),
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
    }
    ran = quick_python.run("manage.py", "restore", str(path), "--ledger", str(ledger), env=env)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def erase(user_id: str, by: User) -> str:
    """Erase a person, and return the pseudonym."""
    job = person_jobs.request_erasure(subject_of([f"id:{user_id}"]), mode="pseudonymise", by=by)
    while person_jobs.work():
        pass
    job.refresh_from_db()
    assert job.erasure is not None
    return job.erasure.name


def stored_once(sim: RunningSimulator) -> bool:
    """Return whether each event of the cloud is stored, and once."""
    return set(stored()) == set(emitted(sim)) and set(stored().values()) == {1}


def test_restored_installation_has_everything_that_the_cloud_has(
    sim: RunningSimulator, old: ProcessGroup, tmp_path: Path, settings: Any, capsys: Any
) -> None:
    head = User.objects.create_user("head@school.test", "x", role=User.Role.ADMINISTRATOR)
    school = School(sim, rooms=4, seed=1)
    sim.make_room("an earlier class", state=1)
    sim.room("an earlier class", "enter", userUuid=GONE, userName="Emmy Gone")
    sim.room("an earlier class", "leave", userUuid=GONE)
    sim.room("an earlier class", "state", state=2)
    school.happen(200)
    sim.make_room("a quiet class", state=1)
    sim.room("a quiet class", "enter", userUuid="t1", userName="Ms Noether", role=1)
    wait_until(lambda: all_stored(sim), within_s=WITHIN_S)
    for _number in range(20):
        add_step(record(actor=head, action="class.start", room_uuid="class 1"), Step.Kind.REQUESTED)
    chain.link_new()

    # A backup while processes write all the time, and one at a moment that we know.
    with Background(lambda: school.happen(20)):
        call_command("backup", str(tmp_path / "busy.tar"))
    assert verification.verify(tmp_path / "busy.tar").rows["sync_storedevent"] > 0
    path = tmp_path / "backup.tar"
    with Background(lambda: school.happen(20)), frozen():
        before = every_table()
        call_command("backup", str(path))

    # More happens. The old installation takes these events from the stream, which has each of them once.
    school.happen(300)
    sim.room("a quiet class", "chat", userUuid="t1", message="the last event of this class")
    sim.make_room("a new class", state=1)
    sim.room("a new class", "enter", userUuid="t1", userName="Ms Noether", role=1)
    wait_until(lambda: all_stored(sim), within_s=WITHIN_S)
    assert StoredEvent.objects.count() >= len(before["sync_storedevent"]) + 300
    wait_until(lambda: school.waiting == 0, within_s=WITHIN_S)
    pseudonym = erase(GONE, head)
    old.dismiss()
    school.happen(100)
    sim.room("a new class", "chat", userUuid="t1", message="still here")

    with empty_installation(tmp_path / "moment", settings):
        restoring.restore(path, ledger=None)
        assert every_table() == before

    with another_database(tmp_path / "new") as name:
        said = restore(path, tmp_path / "new", name)
        assert "after the backup, and repeated: 1." in said
        assert "The audit log is intact" in said
        with connected_to(name):
            settings.DATA_DIR = tmp_path / "new"
            erasure_ledger.forget()
            late = RoomCursor.objects.filter(stream="room", reconcile_due_at__gt=clock.cloud_now())
            assert not late.exists()
            with processes_of(sim, tmp_path / "processes of the new one"):
                wait_until(lambda: all_stored(sim), within_s=WITHIN_S)
            assert Room.objects.filter(room_uuid="a new class").exists()
            assert competing_reader.find() is None
            assert not Participant.objects.filter(user_uuid=GONE).exists()
            assert Participant.objects.filter(name=pseudonym).exists()
            assert stored_once(sim)
            capsys.readouterr()
            call_command("audit", "verify")
            call_command("rebuild")
            assert capsys.readouterr().out.endswith("\n0 rows changed\n")
