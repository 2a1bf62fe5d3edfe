"""Parts that die are started again by the supervisor, with real processes. Everything still ends together."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from classroom_admin.runtime import guardian
from classroom_admin.runtime.restarts import MANY, Pace
from tests.runtime.processes import cmdline, marked, pids, wait_for
from tests.runtime.test_supervisor import GOOD, WITH_CHILD, Run

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")

FAST = {"first_s": 0.01, "longest_s": 0.05, "well_s": 3600.0}
# A part that notes each of its starts, and dies when it is told to.
COUNTED = """
import signal, sys, time
with (FOLDER / "starts").open("a") as f: f.write("x")
signal.signal(signal.SIGTERM, lambda n, f: sys.exit(0))
(FOLDER / (NAME + ".ready")).touch()
while not (FOLDER / "die").exists(): time.sleep(0.01)
(FOLDER / "die").unlink()
sys.exit(7)
"""
# A part that can't run before somebody has repaired what it needs.
BROKEN = """
import signal, sys, time
with (FOLDER / "starts").open("a") as f: f.write("x")
if not (FOLDER / "repaired").exists(): sys.exit(3)
signal.signal(signal.SIGTERM, lambda n, f: sys.exit(0))
(FOLDER / (NAME + ".ready")).touch()
while True: time.sleep(60)
"""


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.communicate(timeout=30)
    wait_for(lambda: not marked(run.mark))


def starts(run: Run) -> int:
    path = run.folder / "starts"
    return len(path.read_text()) if path.exists() else 0


def test_pause_doubles_up_to_the_longest_and_begins_anew_after_a_minute():
    pace = Pace()
    assert [pace.pause_s(deaths) for deaths in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pace.deaths_in_a_row(6, lived_s=59) == 7
    assert pace.deaths_in_a_row(6, lived_s=60) == 1
    assert pace.pause_s(10_000) == 30


def test_dead_part_starts_again_and_the_others_continue(run):
    run.start(pace=FAST, web=GOOD, beat=COUNTED)
    for number in (2, 3):
        (run.folder / "die").touch()
        wait_for(lambda n=number: starts(run) == n)
    code, said = run.end(signal.SIGTERM)
    assert code == 0
    assert said.count("The part “beat” ended unexpectedly (exit code 7). It starts again in 0.01 s.") == 1
    assert said.count("It starts again in 0.02 s.") == 1
    assert said.count("hello from web") == 1
    assert run.ended() == ["web"]
    assert marked(run.mark) == []


def test_killed_part_gets_a_new_process_that_ends_with_the_others(run):
    run.start(pace=FAST, web=GOOD, worker=COUNTED)
    [worker] = [p for p in pids(run.mark) if '"starts"' in cmdline(p) and p != run.process.pid]
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: starts(run) == 2)
    code, said = run.end(signal.SIGTERM)
    assert code == 0
    assert "The part “worker” ended unexpectedly (killed by SIGKILL)." in said
    assert marked(run.mark) == []


def test_restarted_part_dies_with_a_killed_supervisor(run):
    run.start(pace=FAST, worker=COUNTED, server=WITH_CHILD)
    (run.folder / "die").touch()
    wait_for(lambda: starts(run) == 2)
    run.process.kill()
    run.process.wait(timeout=10)
    wait_for(lambda: not marked(run.mark), within_s=10)


def test_part_that_dies_at_each_start_is_reported_five_times_and_runs_once_repaired(run):
    run.popen(run.command(pace=FAST | {"well_s": 5.0}, web=GOOD, beat=BROKEN))
    wait_for(lambda: starts(run) > MANY + 3)
    assert not (run.folder / "all ready").exists()
    assert (run.folder / "web.ready").exists()
    (run.folder / "repaired").touch()
    wait_for((run.folder / "all ready").exists)
    said = ""
    while "The part “beat” runs again." not in said:
        line = run.process.stdout.readline()
        assert line, said
        said += line
    assert said.count("The part “beat” ended unexpectedly (exit code 3).") == MANY - 1
    assert said.count("The part “beat” ended 5 times in a row (exit code 3). The others continue.") == 1
    assert said.count("hello from web") == 1
    code, _ = run.end(signal.SIGTERM)
    assert code == 0
    assert run.ended() == ["web"]


def test_stop_signal_during_a_pause_ends_all(run):
    run.start(pace={"first_s": 3600.0, "longest_s": 3600.0}, web=GOOD, beat=COUNTED)
    (run.folder / "die").touch()
    said = ""
    while "It starts again in 3600 s." not in said:
        line = run.process.stdout.readline()
        assert line, said
        said += line
    code, _ = run.end(signal.SIGTERM)
    assert code == 0
    assert starts(run) == 1
    assert run.ended() == ["web"]


def test_guardian_spares_the_group_of_a_part_that_has_ended():
    """The kernel may have given the id of the dead part to another program."""
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        told = f"{other.pid}\n-{other.pid}\n".encode()
        command = [sys.executable, "-I", "-S", guardian.__file__, "no such mark"]
        assert subprocess.run(command, input=told, timeout=20, check=False).returncode == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
