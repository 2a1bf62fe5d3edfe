"""Beat ends between two ticks: nothing is half sent, and nothing is told as a failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from celery.beat import Service

from classroom_admin.celery import app
from classroom_admin.runtime.beat import EndingBeat
from tests.runtime.processes import wait_for

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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_beat_ends_soon_and_prints_nothing(tmp_path: Path, number: int) -> None:
    schedule = tmp_path / "schedule"
    argv = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "classroom_admin",
        "--quiet",
        "beat",
        "--loglevel",
        "WARNING",
    ]
    argv += ["--schedule", str(schedule), "--pidfile=", "--max-interval", "1"]
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
