"""The supervisor, with real processes: whatever ends it ends all, and nothing stays behind."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classroom_admin.runtime import children, guardian
from tests.runtime.processes import MARK, cmdline, hear_hangup, marked, pids, wait_for

PROGRAM = Path(__file__).with_name("supervised.py")
ROOT = PROGRAM.parents[2]

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")

# Parts. Each says that it is ready by a file, and notes the end it was asked for.
GOOD = """
import pathlib, signal, sys, time
def end(number, frame):
    with (FOLDER / "ended").open("a") as f: f.write(NAME + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("hello from", NAME)
(FOLDER / (NAME + ".ready")).touch()
while True: time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(FOLDER / (NAME + ".ready")).touch()
while True: time.sleep(60)
"""
# Its child leaves for a session of its own, ignores SIGTERM and closes its output, as a daemon does.
WITH_CHILD = """
import subprocess, sys, time
child = '''
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
'''
p = subprocess.Popen([sys.executable, "-c", child], start_new_session=True, stdout=subprocess.PIPE)
p.stdout.readline()
(FOLDER / (NAME + ".ready")).touch()
while True: time.sleep(60)
"""
DIES = """
import sys, time
(FOLDER / (NAME + ".ready")).touch()
while not (FOLDER / "die").exists(): time.sleep(0.01)
print("the disk is on fire")
sys.exit(7)
"""
ECHO = """
import time
(FOLDER / (NAME + ".ready")).touch()
while not (FOLDER / "speak").exists(): time.sleep(0.01)
print("is anyone there?")
while True: time.sleep(60)
"""
CHATTY = """
(FOLDER / (NAME + ".ready")).touch()
for n in range(1, 100001):
    print("line", n, "x" * 100)
    if n == 100000: (FOLDER / "said").touch()
import time
while True: time.sleep(60)
"""


class Run:
    """One supervisor and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = secrets.token_hex(8)
        self.env = os.environ | {MARK: self.mark, "PYTHONPATH": str(ROOT)}
        self.process: subprocess.Popen[str]

    def command(
        self, *, grace_s: float = 10, end_with_parent: bool = False, pace: dict | None = None, **parts: str
    ) -> list[str]:
        head = "import pathlib; FOLDER = pathlib.Path({!r}); NAME = {!r}\n"
        codes = {name: head.format(str(self.folder), name) + code for name, code in parts.items()}
        told = {
            "folder": str(self.folder),
            "grace_s": grace_s,
            "end_with_parent": end_with_parent,
            "pace": pace,
            "parts": codes,
        }
        return [sys.executable, str(PROGRAM), json.dumps(told)]

    def start(self, **told) -> "Run":
        self.popen(self.command(**told))
        wait_for((self.folder / "all ready").exists)
        return self

    def popen(self, command: list[str]) -> None:
        """Start a command as a terminal does, whatever signals this process ignores."""
        self.process = subprocess.Popen(
            command,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_hangup,
        )

    def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Send a signal, wait for the end; exit code and everything it said."""
        if number is not None:
            self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def ended(self) -> list[str]:
        return (self.folder / "ended").read_text().split() if (self.folder / "ended").exists() else []


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
    run.process.communicate(timeout=30)
    wait_for(lambda: not marked(run.mark))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_ends_all_parts_and_exits_with_zero(run, number):
    run.start(web=GOOD, worker=GOOD, server=WITH_CHILD)
    code, said = run.end(number)
    assert marked(run.mark) == []
    assert code == 0
    assert sorted(run.ended()) == ["web", "worker"]
    assert "web      │ hello from web\n" in said


@pytest.fixture
def hangup_ignored():
    """This process ignores SIGHUP, as every child of `nohup` does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangup_ignored")
def test_hangup_ends_a_program_although_the_tests_ignore_it(run):
    run.start(web=GOOD)
    code, _ = run.end(signal.SIGHUP)
    assert code == 0
    assert run.ended() == ["web"]


def test_supervisor_under_nohup_survives_a_hangup(run):
    run.popen(["nohup", *run.command(worker=ECHO)])
    wait_for((run.folder / "all ready").exists)
    run.process.send_signal(signal.SIGHUP)
    (run.folder / "speak").touch()
    said = ""
    while "is anyone there?" not in said:
        line = run.process.stdout.readline()
        assert line, said
        said += line
    assert "Stopping" not in said
    code, said = run.end(signal.SIGTERM)
    assert code == 0
    assert "Stopping" in said


def test_death_of_one_part_ends_all_and_names_the_part_and_the_reason(run):
    run.start(web=GOOD, beat=DIES, server=WITH_CHILD)
    (run.folder / "die").touch()
    code, said = run.end()
    assert marked(run.mark) == []
    assert code == 1
    assert "The part “beat” ended unexpectedly (exit code 7)." in said
    assert "    the disk is on fire" in said
    assert run.ended() == ["web"]


@pytest.mark.parametrize("code", [0, 7])
def test_part_that_may_end_ends_alone_and_a_failure_is_reported(run, code):
    run.start(web=GOOD, task=DIES.replace("sys.exit(7)", f"sys.exit({code})"))
    [task] = [p for p in pids(run.mark) if "the disk" in cmdline(p) and p != run.process.pid]
    (run.folder / "die").touch()
    wait_for(lambda: not Path(f"/proc/{task}").exists())  # the supervisor has noticed its end
    assert run.process.poll() is None
    ended, said = run.end(signal.SIGTERM)
    assert ended == 0
    assert "task     │ the disk is on fire" in said
    assert ("The part “task” failed (exit code 7)." in said) is (code == 7)
    assert run.ended() == ["web"]
    assert marked(run.mark) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "killed by SIGKILL"),
        (signal.SIGRTMIN + 5, f"killed by signal {signal.SIGRTMIN + 5}"),
    ],
)
def test_part_killed_by_a_signal_is_named_with_the_signal(run, number, words):
    run.start(web=GOOD, worker=STUBBORN)
    [worker] = [p for p in pids(run.mark) if "SIG_IGN" in cmdline(p) and p != run.process.pid]
    os.kill(worker, number)
    code, said = run.end()
    assert code == 1
    assert f"The part “worker” ended unexpectedly ({words})." in said
    assert marked(run.mark) == []


def test_killed_supervisor_ends_all_parts_and_their_children(run):
    run.start(web=GOOD, worker=STUBBORN, server=WITH_CHILD)
    assert len(marked(run.mark)) == 6  # with the supervisor, its guardian and the server's child
    run.process.kill()
    run.process.wait(timeout=10)
    wait_for(lambda: not marked(run.mark), within_s=5)


def test_killed_supervisor_ends_its_parts_without_a_guardian(run):
    run.start(web=GOOD, worker=STUBBORN)
    [watching] = [p for p in pids(run.mark) if guardian.__file__ in cmdline(p)]
    os.kill(watching, signal.SIGKILL)
    run.process.kill()
    run.process.wait(timeout=10)
    wait_for(lambda: not marked(run.mark), within_s=5)


def test_part_that_ignores_sigterm_is_killed_after_the_grace_time(run):
    run.start(grace_s=1, web=GOOD, worker=STUBBORN)
    began = time.monotonic()
    code, _ = run.end(signal.SIGTERM)
    assert 0.9 < time.monotonic() - began < 8
    assert code == 0
    assert run.ended() == ["web"]
    assert marked(run.mark) == []


def test_second_ctrl_c_kills_at_once(run):
    run.start(grace_s=300, web=GOOD, worker=STUBBORN)
    run.process.send_signal(signal.SIGINT)
    wait_for(run.ended)
    code, _ = run.end(signal.SIGINT)
    assert code == 0
    assert marked(run.mark) == []


def test_broker_is_stopped_after_the_other_parts(run):
    run.start(ground=GOOD, web=GOOD, worker=GOOD)
    run.end(signal.SIGTERM)
    assert run.ended()[-1] == "ground"
    assert len(run.ended()) == 3


def test_closed_output_ends_all_parts(run):
    run.start(web=GOOD, worker=ECHO)
    run.process.stdout.close()
    (run.folder / "speak").touch()
    assert run.process.wait(timeout=30) == 1
    assert marked(run.mark) == []
    assert run.ended() == ["web"]
    run.process.stdout = None


def test_unread_output_stops_no_part(run):
    run.start(web=CHATTY)
    wait_for((run.folder / "said").exists, within_s=60)
    code, said = run.end(signal.SIGTERM)
    assert code == 0
    assert "line 100000 " in said
    assert "lines were not shown" in said


def test_death_of_the_parent_stops_all_parts(run):
    command = run.command(end_with_parent=True, web=GOOD)
    parent = "import json, subprocess, sys; subprocess.Popen(json.loads(sys.argv[1])).wait()"
    run.popen([sys.executable, "-c", parent, json.dumps(command)])
    wait_for((run.folder / "all ready").exists)
    run.process.kill()
    wait_for(lambda: not marked(run.mark))
    assert run.ended() == ["web"]


def test_child_ends_when_its_parent_died_before_the_check():
    # As the kernel shows it to the child: its parent is not the one that started it any more.
    late = subprocess.run(
        ["sleep", "60"], preexec_fn=children.tied_to(os.getpid() + 1), timeout=20, check=False
    )
    assert late.returncode == 1


def test_guardian_ends_processes_without_a_parent_death_signal(tmp_path):
    mark = secrets.token_hex(8)
    env = os.environ | {guardian.MARK_NAME: mark}
    part = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)
    unmarked = subprocess.Popen(["sleep", "600"], start_new_session=True)
    watching = subprocess.Popen([sys.executable, "-I", "-S", guardian.__file__, mark], stdin=subprocess.PIPE)
    watching.stdin.write(f"{unmarked.pid}\n".encode())
    watching.stdin.close()
    assert watching.wait(timeout=20) == 0
    assert part.wait(timeout=5) == -signal.SIGKILL  # by its mark
    assert unmarked.wait(timeout=5) == -signal.SIGKILL  # by its process group


def test_guardian_kills_nothing_after_a_clean_end():
    mark = secrets.token_hex(8)
    part = subprocess.Popen(["sleep", "600"], env=os.environ | {guardian.MARK_NAME: mark})
    try:
        command = [sys.executable, "-I", "-S", guardian.__file__, mark]
        assert (
            subprocess.run(command, input=f"{part.pid}\ndone\n".encode(), timeout=20, check=False).returncode
            == 0
        )
        assert part.poll() is None
        assert guardian.marked(mark) == [part.pid]
    finally:
        part.kill()
        part.wait()
