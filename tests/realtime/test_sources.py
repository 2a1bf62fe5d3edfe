"""Sources of changes: data_version of SQLite, notifications of PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from classroom_admin.realtime.source import ANYTHING, Changed, source_for
from classroom_admin.rooms.models import Gap, Participant, Room
from tests.school import School, make_event

ROOT = Path(__file__).resolve().parents[2]


def heard(source: Any, *, acts: list) -> list[Changed]:
    """Return what the source reports first, and after each act (run in a thread, like another writer)."""

    async def run() -> list[Changed]:
        said: list[Changed] = []
        async with contextlib.aclosing(source.changes()) as changes:
            said.append(await asyncio.wait_for(anext(changes), 10))
            for act in acts:
                await asyncio.to_thread(in_thread, act)
                said.append(await asyncio.wait_for(anext(changes), 10))
        return said

    return asyncio.run(run())


def in_thread(act) -> None:
    try:
        act()
    finally:
        connection.close()


def writes(school: School) -> list:
    def raise_version() -> None:
        Room.objects.filter(pk=school.room.pk).update(version=90)

    def add_step() -> None:
        from classroom_admin.audit.record import add_step, record

        with transaction.atomic():
            entry = record(actor=school.teacher, action="class.end", room_uuid=school.room.room_uuid)
            add_step(entry, "requested")

    def find_gap() -> None:
        Gap.objects.create(room=school.room, stream="room", first=9, last=9)

    def read_name() -> None:
        Room.objects.filter(pk=school.room.pk).update(name="Read from the cloud")

    return [raise_version, add_step, find_gap, read_name]


def test_every_visible_write_is_reported(school: School) -> None:
    said = heard(source_for(), acts=writes(school))
    assert said[0] is ANYTHING
    if connection.vendor == "postgresql":
        assert said[1:] == [frozenset({school.room.pk})] * 4
    else:
        assert said[1:] == [ANYTHING] * 4


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite says that something was committed, not what"
)
def test_invisible_and_rolled_back_writes_are_not_reported(school: School) -> None:
    def quiet() -> None:
        make_event(school.room, 77)
        Participant.objects.filter(room=school.room).update(times_left=3)
        with contextlib.suppress(RuntimeError), transaction.atomic():
            Room.objects.filter(pk=school.room.pk).update(version=91)
            raise RuntimeError("undone")
        Room.objects.create(room_uuid="the end of this test", name="New")

    said = heard(source_for(), acts=[quiet])
    assert said[1] == frozenset({Room.objects.get(name="New").pk})


# --- the same tests once more, on PostgreSQL -------------------------------------------------------------


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """The URL of a private server on a unix socket, gone at the end of the test."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binaries = found[-1].parent if found else Path(shutil.which("initdb") or "/nowhere").parent
    if not (binaries / "initdb").exists():
        pytest.skip("No PostgreSQL on this machine: apt-get install postgresql")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    home = Path(
        subprocess.run([*as_user, "mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip()
    )
    data = home / "data"
    run = {"check": True, "cwd": home, "stdout": subprocess.DEVNULL}
    subprocess.run([*as_user, binaries / "initdb", "-D", data, "-U", "school", "-A", "trust", "-N"], **run)
    options = f"-k {home} -c listen_addresses= -c fsync=off -c full_page_writes=off"
    subprocess.run(
        [*as_user, binaries / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start"], **run
    )
    try:
        yield f"postgres://school@/postgres?host={home}"
    finally:
        subprocess.run([*as_user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
        shutil.rmtree(home)


@pytest.mark.skipif(connection.vendor == "postgresql", reason="This is the run that the other one starts.")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(["realtime/test_sources.py", "sync/test_statements.py"], id="changes and statements"),
        pytest.param(
            [
                *(f"realtime/test_{name}.py" for name in ("class_channel", "list_channel", "rights")),
                "sync/test_locked_rooms.py",
            ],
            id="streams and locks",
            marks=pytest.mark.long,
        ),
    ],
)
def test_postgresql(postgres: str, chosen: list[str]) -> None:
    environment = os.environ | {"DATABASE_URL": postgres, "TEST_KEEPS_SERVICES": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *(f"tests/{one}" for one in chosen)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
