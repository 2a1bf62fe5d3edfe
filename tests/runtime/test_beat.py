"""Beat ends between two ticks: nothing is half sent, and nothing is told as a failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Service

from classroom_admin import settings_data
from classroom_admin.celery import app
from classroom_admin.common import clock, clock_jumps
from classroom_admin.common.clock_jumps import JumpWatch
from classroom_admin.runtime.beat import EndingBeat, SteadyScheduler
from tests.runtime.processes import wait_for
from tests.stepped_clock import SteppedClock, use

ROOT = Path(__file__).resolve().parents[2]


def test_signal_during_a_tick_does_not_interrupt_it(tmp_path: Path) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    service = Service(app, max_interval=1, schedule_filename=str(tmp_path / "schedule"))
    sent: list[str] = []

    class Scheduler:
        max_interval = 1
        closed = False

        def tick(self) -> float:
            sent.append("begun")
            os.kill(os.getpid(), signal.SIGTERM)
            sent.append("whole")
            return 0

        def close(self) -> None:
            self.closed = True

    service.scheduler = scheduler = Scheduler()
    try:
        EndingBeat(app=app, quiet=True).install_sync_handler(service)
        service.start()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert sent == ["begun", "whole"]
    assert scheduler.closed


# As separate units run it (deploy/), and as `serve` runs it.
CELERY: tuple[str, ...] = ("celery", "-A", "classroom_admin", "--quiet", "beat", "--loglevel", "WARNING")
CELERY += ("--pidfile=", "--max-interval", "1")
PART: tuple[str, ...] = ("classroom_admin.runtime.celery_part", "beat")


@pytest.mark.parametrize(("program", "number"), [(CELERY, signal.SIGTERM), (PART, signal.SIGINT)])
def test_beat_ends_soon_and_prints_nothing(tmp_path: Path, program: tuple[str, ...], number: int) -> None:
    argv = [sys.executable, "-m", *program, "--schedule", str(tmp_path / "schedule")]
    env = os.environ | {
        "DATA_DIR": str(tmp_path),
        "CELERY_BROKER_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "classroom_admin.settings",
    }
    with subprocess.Popen(
        argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as beat:
        killer = threading.Timer(60, beat.kill)
        killer.start()
        wait_for(lambda: list(tmp_path.glob("schedule*")), within_s=40)
        beat.send_signal(number)
        said, _ = beat.communicate()
        killer.cancel()
    assert beat.returncode == 0, said
    assert "Traceback" not in said
    assert "Error" not in said


class Sent(SteadyScheduler):
    """The scheduler with a clock of the test. It notes what it sends instead of sending it."""

    producer = None  # it needs no broker

    def __init__(self, stepped: SteppedClock, folder: Path) -> None:
        self.sent: list[str] = []
        self.stepped = stepped
        super().__init__(app, schedule_filename=str(folder / "schedule"), max_interval=1)
        self._watch = JumpWatch(stepped)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent.append(entry.task)

    def run(self) -> set[str]:
        """Return the tasks that are due within ten seconds."""
        self.sent.clear()
        for _ in range(40):
            for _tick in range(2 * len(self.schedule)):
                self.tick()
            self.stepped.step(0.25)
        return set(self.sent)


EVERY_SECOND = {name for name, entry in app.conf.beat_schedule.items() if entry["schedule"] <= 1}


@pytest.mark.parametrize("hours", [-1, 1, -24])
def test_tasks_of_every_second_continue_after_a_jump_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, hours: int
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(app, "now", clock.now)
    with use(SteppedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as stepped:
        scheduler = Sent(stepped, tmp_path)
        assert scheduler.run() >= EVERY_SECOND
        stepped.set_wall(clock.now() + timedelta(hours=hours))
        assert scheduler.run() >= EVERY_SECOND
        jump = clock_jumps.last(tmp_path)
        assert jump is not None
        assert jump.by_s == hours * 3600
        scheduler.close()
        stepped.set_wall(clock.now() - timedelta(hours=5))  # while beat does not run
        again = Sent(stepped, tmp_path)
        assert again.run() >= EVERY_SECOND
        again.close()


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_broker_that_is_away_is_logged_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    scheduler = SteadyScheduler(app, schedule_filename=str(tmp_path / "schedule"), max_interval=1)
    entry = next(iter(scheduler.schedule.values()))
    options = settings_data.broker_options(address)
    with app.connection_for_write(address, transport_options=options) as broker:
        scheduler.apply_entry(entry, producer=app.amqp.Producer(broker, auto_declare=False))
    scheduler.close()
    [record] = [one for one in caplog.records if one.name == "classroom_admin.runtime.beat"]
    assert "the broker takes no messages" in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None
