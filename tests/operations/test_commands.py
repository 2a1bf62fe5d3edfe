"""``serve``, ``demo`` and ``make demo`` as a person runs them: real processes, every way to end them."""

import os
import queue
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from classroom_admin.runtime import ports
from tests import migrated, quick_python
from tests.runtime.processes import MARK, cmdline, hear_hangup, marked, pids, wait_for

ROOT = Path(__file__).resolve().parents[2]
READY = "Classroom Admin is ready at"
WITHIN_S = 60.0

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(180),
]


class Program:
    """One command in a session of its own, its output gathered as it comes.

    An empty data folder first gets a migrated SQLite database, unless the start should be the very first one.
    """

    def __init__(
        self, *argv: str, data_dir: Path, cwd: Path = ROOT, very_first: bool = False, **env: str
    ) -> None:
        if not (very_first or "DATABASE_URL" in env or (data_dir / migrated.NAME).exists()):
            migrated.copy_into(data_dir)
        self.mark = secrets.token_hex(8)
        self.port = int(env.setdefault("PORT", str(ports.free_port())))
        clean = {n: v for n, v in os.environ.items() if not n.startswith("AGORA_") and n not in UNWANTED}
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=clean | {MARK: self.mark, "DATA_DIR": str(data_dir), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_hangup,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def wait_said(self, words: str, *, within_s: float = WITHIN_S) -> None:
        """Wait for a line with the words; fail with everything said if the program ends or is too slow."""
        deadline = time.monotonic() + within_s
        while not any(words in line for line in self.said):
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"not said: {words!r}, but:\n{''.join(self.said)}"
            self.said.append(line)

    def end(self, number: signal.Signals | None = None, *, group: bool = False) -> tuple[int, str]:
        """Signal (the process, or its group as a terminal does), wait; exit code and all that was said."""
        if number is not None:
            (os.killpg if group else os.kill)(self.process.pid, number)
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        while (line := self._lines.get(timeout=30)) is not None:
            self.said.append(line)
        return code, "".join(self.said)

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()

    def part(self, words: str) -> int:
        """The process id of the one part with the words in its command line."""
        [found] = [pid for pid in pids(self.mark) if words in cmdline(pid)]
        return found


# What the suite itself runs with is not what a person has set.
UNWANTED = {"DATABASE_URL", "CELERY_BROKER_URL", "PORT", "HOST", "RESET", "MAKELEVEL", "MAKEFLAGS"} | {
    "JOIN_URL_TEMPLATE", "DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST"
}  # fmt: skip
MANAGE = (sys.executable, "manage.py")
# No recipe for .venv here: the tests run in the one that is there.
MAKE = ("make", "--no-print-directory", "-o", ".venv/.installed", "demo")


@pytest.fixture
def start(tmp_path):
    """Start programs; whatever a test leaves running is ended, and must then be gone."""
    started: list[Program] = []

    def _start(*argv: str, data_dir: Path = tmp_path / "data", **more: Any) -> Program:
        started.append(Program(*argv, data_dir=data_dir, **more))
        return started[-1]

    yield _start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(timeout=30)
        wait_for(lambda p=program: not marked(p.mark))


def rooms(data_dir: Path) -> set[str]:
    with sqlite3.connect(data_dir / "classroom_admin.sqlite3") as database:
        return {uuid for (uuid,) in database.execute("select room_uuid from rooms_room")}


def test_demo_keeps_its_data_and_has_another_school_at_each_start(start, tmp_path):
    data_dir = tmp_path / "data"
    demo = start(*MANAGE, "demo", very_first=True)
    demo.wait_said("teacher2@school.test")
    assert demo.get("/healthz") == (200, "ok\n")
    assert 'type="password"' in demo.get("/")[1]
    demo.wait_said("Adding 20 classes of the past week")
    code, said = demo.end(signal.SIGTERM)
    assert code == 0
    assert said.index(READY) < said.index("of the past week")
    assert marked(demo.mark) == []
    assert re.search(r"admin@school\.test +classroom +administrator", said)
    first = rooms(data_dir)
    assert first

    again = start(*MANAGE, "demo", PORT=str(demo.port))
    again.wait_said("teacher2@school.test")
    wait_for(lambda: rooms(data_dir) > first, within_s=WITHIN_S)
    again.process.kill()
    again.process.wait(timeout=30)
    wait_for(lambda: not marked(again.mark), within_s=5)

    served = start(*MANAGE, "serve")
    code, said = served.end()
    assert code == 1
    assert "holds the demo, whose passwords everyone knows" in said

    afresh = start(*MANAGE, "demo", "--reset")
    afresh.wait_said(READY)
    assert not rooms(data_dir) & (first - rooms(data_dir))
    assert afresh.end(signal.SIGINT)[0] == 0
    assert marked(afresh.mark) == []


def test_running_demo_refuses_a_second_one_and_reports_the_death_of_a_part(start):
    demo = start(*MANAGE, "demo")
    demo.wait_said(READY)
    code, said = start(*MANAGE, "demo").end()
    assert code == 1
    assert said.startswith(f"CommandError: Already running as process {demo.process.pid} on ")
    assert said.count("\n") == 1
    assert demo.get("/healthz")[0] == 200
    os.kill(demo.part("beat"), signal.SIGKILL)
    code, said = demo.end()
    assert code == 1
    assert "The part “beat” ended unexpectedly (killed by SIGKILL)." in said
    assert marked(demo.mark) == []


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (signal.SIGINT, True),
        pytest.param(signal.SIGTERM, False, marks=pytest.mark.long),
        pytest.param(signal.SIGHUP, True, marks=pytest.mark.long),
    ],
)
def test_make_demo_ends_with_make(start, number, group):
    demo = start(*MAKE)
    demo.wait_said(READY)
    demo.end(number, group=group)
    assert marked(demo.mark) == []


def test_make_demo_uses_no_other_settings_and_ends_when_make_is_killed(start, tmp_path):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    migrated.copy_into(tmp_path / "data")
    demo = start(
        *MAKE,
        AGORA_BASE_URL="http://127.0.0.1:9",
        AGORA_REQUESTS_PER_SECOND="not a number",
        DATABASE_URL=f"sqlite:///{elsewhere}",
        ALLOWED_HOSTS="school.example",
    )
    demo.wait_said(READY)
    ignored = "Ignored: AGORA_BASE_URL, AGORA_REQUESTS_PER_SECOND, ALLOWED_HOSTS, DATABASE_URL"
    assert any(ignored in line for line in demo.said)
    assert demo.get("/healthz")[0] == 200
    assert not elsewhere.exists()
    demo.process.kill()
    demo.process.wait(timeout=30)
    wait_for(lambda: not marked(demo.mark), within_s=15)


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_taken_port_is_reported_in_one_line(start, command):
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        code, said = start(*MANAGE, command, PORT=str(port)).end()
    assert code == 1
    assert f"Port {port} is taken. Choose another with PORT={port + 1}." in said.splitlines()[-1]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_error_names_the_setting_that_is_not_a_number(tmp_path, command):
    clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    env = clean | {"PORT": "eight", "DATA_DIR": str(tmp_path)}
    ended = quick_python.run("manage.py", command, env=env)
    assert ended.returncode == 1
    assert ended.stderr == "A setting is not right: PORT is 'eight': it must be a number.\n"


def test_demo_listens_only_on_this_machine(start):
    code, said = start(*MANAGE, "demo", HOST="0.0.0.0").end()
    assert code == 1
    assert "it listens on 127.0.0.1 only" in said


def test_demo_refuses_the_folder_of_a_school_even_with_reset(start, tmp_path):
    school = {"DJANGO_SUPERUSER_PASSWORD": "a good one, this", "data_dir": tmp_path / "data"}
    assert start(*MANAGE, "createsuperuser", "--noinput", "--email", "head@real.test", **school).end()[0] == 0
    code, said = start(*MANAGE, "demo", RESET="1").end()
    assert code == 1
    assert "holds a school's data, not a demo" in said
    with sqlite3.connect(tmp_path / "data" / "classroom_admin.sqlite3") as database:
        assert database.execute("select email from accounts_user").fetchall() == [("head@real.test",)]
    assert not (tmp_path / "data" / "demo.json").exists()


def test_serve_with_a_path_prefix_becomes_ready_and_prints_the_public_address(start):
    server = start(
        *MANAGE, "serve", PUBLIC_URL="https://school.example/classes", AGORA_BASE_URL="http://127.0.0.1:9"
    )
    server.wait_said(f"{READY} https://school.example/classes/ and listens for the proxy at")
    assert server.get("/healthz") == (200, "ok\n")
    assert server.end(signal.SIGTERM)[0] == 0


def test_serve_reports_missing_settings_and_still_serves(start):
    nowhere = {"AGORA_BASE_URL": "http://127.0.0.1:9", "AGORA_FALLBACK_URL": ""}
    server = start(*MANAGE, "serve", **nowhere)
    server.wait_said(READY)
    assert server.get("/healthz") == (200, "ok\n")
    code, said = server.end(signal.SIGTERM)
    assert code == 0
    assert "AGORA_APP_ID is not set" in said
    assert "JOIN_URL_TEMPLATE is not set" in said
    address = f"http://127.0.0.1:{server.port}/first-run/"
    assert re.search(rf"Open {address} and enter the code [A-Z2-7-]{{14}}[\n\"]", said)
    assert said.count("enter the code") == 1
    assert marked(server.mark) == []
