"""One poller, four workers and fifty readers at the same time get no error about a locked database.

Real processes on the suite's database, which is SQLite, or PostgreSQL in ``make test-services``. A longer
run: NOT_LOCKED_SECONDS=120.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.simulator.testing import RunningSimulator
from classroom_admin.sync.models import StoredEvent
from tests.sync.comparison import assert_all_stored_once
from tests.sync.conftest import sync_once
from tests.sync.test_lease import ROOT, environment
from tests.web.dashboard import dashboard, signed_in_cookie

SECONDS = float(os.environ.get("NOT_LOCKED_SECONDS", "6"))
PATIENCE_S = 60
ROOMS, QUIET, STUDENTS, SPEED = 6, 3, 12, 8
WORKERS = 4

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3 * PATIENCE_S + 3 * SECONDS)]


@pytest.fixture
def busy(sim: RunningSimulator, cloud: Any) -> RunningSimulator:
    """A cloud in which classes go on, some times as fast as real ones."""
    sim.control("POST", "/reset", {"pollBatch": 200, "speed": SPEED, "startMs": clock.now_ms() - 300_000})
    sim.control("POST", "/lesson", {"rooms": ROOMS, "pupils": STUDENTS, "minutes": 600})
    for number in range(QUIET):
        sim.make_room(f"nothing happens here {number}", state=1)
    return sim


class Crowd:
    """Processes of `tests.sync.crowd`, each with a log of its own."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        self.running: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str, role: str) -> None:
        with self.log(name).open("w") as said:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.sync.crowd", role],
                cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
            )  # fmt: skip

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def end(self, name: str, told: object = None) -> Any:
        """What it did, once it has been told this. Fails with its log where it failed."""
        process = self.running[name]
        done, _ = process.communicate(json.dumps(told), timeout=PATIENCE_S + SECONDS)
        assert process.returncode == 0, f"{name}:\n{self.log(name).read_text()}"
        return json.loads(done.splitlines()[-1])

    def logs(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def kill(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()


def test_one_poller_four_workers_and_fifty_readers(busy: RunningSimulator, tmp_path: Path) -> None:
    assert sync_once() == ""
    keys = list(Room.objects.values_list("key", flat=True))
    assert len(keys) == ROOMS + QUIET
    before = StoredEvent.objects.count()
    env = environment(busy)
    crowd = Crowd(env, tmp_path)
    workers = [f"worker-{number}" for number in range(WORKERS)]
    with dashboard(env, tmp_path / "web.log") as web:
        try:
            for name in ("poller", *workers, "readers"):
                crowd.start(name, {"poller": "poll", "readers": "read"}.get(name, "work"))
            readers = {"port": web.port, "keys": keys, "cookie": signed_in_cookie(), "seconds": SECONDS}
            ends = {"readers": crowd.end("readers", readers)}
            ends |= {name: crowd.end(name) for name in ("poller", *workers)}
        finally:
            crowd.kill()
    print(connection.vendor, json.dumps(ends))
    said = crowd.logs()
    assert "database is locked" not in said
    assert "deadlock" not in said
    assert "Traceback" not in said, said
    # They were at it, all of them: events came in and were projected beside the poller, pages were had.
    assert ends["poller"]["events"] > 20
    assert StoredEvent.objects.count() - before > 20
    assert ends["readers"]["unchanged"] > 0
    assert sum(ends[name]["events"] for name in workers) > 0
    busy.control("POST", "/clock", {"mode": "stepped"})
    assert sync_once() == ""
    assert_all_stored_once(busy)
