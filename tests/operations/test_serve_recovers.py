"""`serve` with the world around it failing: killed processes, and a database that is away."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from classroom_admin.rooms.models import Room
from classroom_admin.runtime import installation
from classroom_admin.simulator.testing import RunningSimulator, running_simulator
from tests.operations.test_commands import MANAGE, READY, Program
from tests.runtime.gate import Gate
from tests.runtime.processes import cmdline, marked, pids, wait_for
from tests.sync.comparison import emitted, stored
from tests.sync.test_lease import environment

WITHIN_S = 60
SAID = "The dashboard can't use its database at the moment."
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor == "sqlite", reason="needs a PostgreSQL server")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with running_simulator(plain=True) as simulator:
        yield simulator


class Served:
    """`serve` for one simulator, with more variables of the environment."""

    def __init__(self, sim: RunningSimulator, folder: Path) -> None:
        self.sim = sim
        self.folder = folder
        self.programs: list[Program] = []

    def start(self, **env: str) -> Program:
        known = environment(self.sim) | {"SECRET_KEY": settings.SECRET_KEY} | env
        named = {n: v for n, v in known.items() if n.startswith(("AGORA_", "DATABASE_", "SECRET_", "LOG_"))}
        self.programs.append(Program(*MANAGE, "serve", data_dir=self.folder, **named))
        return self.programs[-1]

    def a_class(self, uuid: str) -> None:
        self.sim.make_room(uuid, roomName=f"Class {uuid}", state=1)
        self.sim.room(uuid, "enter", userUuid="t", userName="Ms Noether", role=1)

    def wait_until_stored(self) -> None:
        wait_for(lambda: set(stored()) == set(emitted(self.sim)), within_s=WITHIN_S)


@pytest.fixture
def served(sim: RunningSimulator, tmp_path: Path) -> Iterator[Served]:
    found = Served(sim, tmp_path / "data")
    yield found
    for program in found.programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(timeout=30)
        wait_for(lambda p=program: not marked(p.mark))


def page(program: Program, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Return status, headers and text of an answer. The session in the request makes it use the database."""
    http_ = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
    try:
        http_.request("GET", path, headers={"Cookie": "sessionid=" + "a" * 32, **headers})
        answer = http_.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read().decode()
    finally:
        http_.close()


def status_of(program: Program, path: str = "/") -> int:
    try:
        return page(program, path)[0]
    except (OSError, http.client.HTTPException):
        return 0


def assert_no_traceback(said: str) -> None:
    # Some versions of kombu fail if they return messages to a dead broker. The worker then starts again.
    said = "\n".join(line for line in said.splitlines() if "restore_unacked_once" not in line)
    found = said.find("Traceback")
    assert found < 0, said[max(0, found - 500) : found + 4000]


def test_killed_processes_of_serve_start_again_and_events_arrive(served: Served) -> None:
    program = served.start()
    program.wait_said(READY)
    served.a_class("before")
    served.wait_until_stored()
    for name in ("beat", "poll@" if installation.usable_cores() > 1 else "worker@", "uvicorn", "valkey"):
        victims = [pid for pid in pids(program.mark) if name in cmdline(pid)]
        if not victims and name == "valkey":
            continue  # the tests have a broker of their own
        [victim] = victims
        os.kill(victim, signal.SIGKILL)
        wait_for(
            lambda n=name, v=victim: any(n in cmdline(p) for p in pids(program.mark) if p != v),
            within_s=WITHIN_S,
        )
        program.wait_said("ended unexpectedly (killed by SIGKILL). It starts again in 0.5 s.")
        program.said.clear()
    wait_for(lambda: status_of(program) == 302, within_s=WITHIN_S)
    served.a_class("after")
    served.wait_until_stored()
    code, said = program.end(signal.SIGTERM)
    assert code == 0, said
    assert_no_traceback(said)
    assert marked(program.mark) == []


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="can't limit a process to one core")
def test_serve_on_one_core_has_one_worker_that_polls_and_runs_all_other_tasks(served: Served) -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        program = served.start()
    finally:
        os.sched_setaffinity(0, cores)
    program.wait_said(READY)
    served.a_class("on one core")
    served.wait_until_stored()
    wait_for(lambda: Room.objects.filter(name="Class on one core").exists(), within_s=WITHIN_S)  # projected
    assert len([pid for pid in pids(program.mark) if "celeryd" in cmdline(pid)]) == 1
    code, said = program.end(signal.SIGTERM)
    assert code == 0, said
    assert_no_traceback(said)
    assert marked(program.mark) == []


def assert_answers_503(program: Program) -> None:
    status, headers, said = page(program, "/", **{"Accept-Language": "es"})
    assert status == 503
    assert int(headers["retry-after"]) > 0
    assert 'lang="es"' in said
    assert "<h1>" in said
    status, headers, said = page(program, "/", **{"HX-Request": "true"})
    assert (status, said) == (503, "")
    assert SAID in headers["hx-trigger"]
    status, headers, said = page(program, "/live/status/")
    assert (status, SAID in said) == (503, True)
    assert page(program, "/live/classes/stream")[0] == 503
    assert program.get("/healthz") == (200, "ok\n")
    assert page(program, "/static/css/all.css")[0] in (200, 404)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="moves the file of an SQLite database")
def test_pages_answer_503_while_the_sqlite_file_is_away(served: Served, tmp_path: Path) -> None:
    file, away = tmp_path / "own" / "school.sqlite3", tmp_path / "elsewhere"
    file.parent.mkdir(mode=0o700)
    program = served.start(DATABASE_URL=f"sqlite:///{file}")
    program.wait_said(READY)
    assert status_of(program) == 302
    file.parent.rename(away)
    file.parent.mkdir(mode=0o700)
    wait_for(lambda: status_of(program) == 503, within_s=WITHIN_S)
    assert_answers_503(program)
    assert list(file.parent.iterdir()) == []  # nobody has made an empty database in its place
    file.parent.rmdir()
    away.rename(file.parent)
    wait_for(lambda: status_of(program) == 302, within_s=WITHIN_S)
    code, said = program.end(signal.SIGTERM)
    assert code == 0, said
    assert "The database can't be used: the file or its folder is missing" in said
    assert_no_traceback(said)


@pytest.fixture
def gate() -> Iterator[Gate]:
    facts = connection.settings_dict
    gate = Gate(facts["HOST"], int(facts["PORT"]))
    yield gate
    gate.close()


def through(gate: Gate, *, password: str = "", name: str = "") -> str:
    facts = connection.settings_dict
    password, name = password or facts["PASSWORD"], name or facts["NAME"]
    return f"postgres://{facts['USER']}:{password}@127.0.0.1:{gate.port}/{name}"


@ON_POSTGRESQL
def test_serve_waits_for_postgresql_and_survives_its_loss(served: Served, gate: Gate) -> None:
    program = served.start(DATABASE_URL=through(gate))
    program.wait_said("The database can't be used: connection failed")
    gate.open()
    program.wait_said("The database can be used again.")
    program.wait_said(READY)
    served.a_class("before")
    served.wait_until_stored()
    for round_ in range(2):
        program.said.clear()
        gate.close()
        wait_for(lambda: status_of(program) == 503, within_s=WITHIN_S)
        assert_answers_503(program)
        served.a_class(f"meanwhile {round_}")
        program.wait_said('"event": "The database can\'t be used: ')
        gate.open()
        wait_for(lambda: status_of(program) == 302, within_s=WITHIN_S)
        served.wait_until_stored()
    code, said = program.end(signal.SIGTERM)
    assert code == 0, said
    assert_no_traceback(said)
    assert said.count("can't be used") < 40  # five processes, two outages: none repeats it each second
    assert set(stored().values()) == {1}


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"password": "wrong"}, "The password or the user name in DATABASE_URL is wrong."),
     ({"name": "nowhere"}, "The database server has no database of the name in DATABASE_URL.")],
)  # fmt: skip
def test_serve_says_what_is_wrong_with_the_address_of_the_database(
    served: Served, gate: Gate, wrong: dict[str, str], words: str
) -> None:
    gate.open()
    code, said = served.start(DATABASE_URL=through(gate, **wrong)).end()
    assert code == 1
    assert f"CommandError: {words}" in said
    assert_no_traceback(said)
