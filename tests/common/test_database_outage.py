"""Which errors of real databases mean that the database is away, and what is said about them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError

from classroom_admin.common import clock, database_outage
from classroom_admin.common.database_outage import Outage, in_words, is_full, is_outage, what_is_wrong
from classroom_admin.runtime import ports
from tests.stepped_clock import SteppedClock, use


@pytest.fixture
def stepped() -> Iterator[SteppedClock]:
    with use(SteppedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as stepped:
        yield stepped


def locked(folder: Path) -> None:
    first = sqlite3.connect(folder / "a", isolation_level=None)
    second = sqlite3.connect(folder / "a", isolation_level=None, timeout=0)
    try:
        first.execute("BEGIN EXCLUSIVE")
        second.execute("BEGIN EXCLUSIVE")
    finally:
        first.close()
        second.close()


def missing(folder: Path) -> None:
    sqlite3.connect(f"file:{folder}/gone/a?mode=rw", uri=True)


def damaged(folder: Path) -> None:
    (folder / "b").write_bytes(b"no database at all" * 100)
    connection = sqlite3.connect(folder / "b")
    try:
        connection.execute("SELECT * FROM sqlite_master")
    finally:
        connection.close()


def full(folder: Path) -> None:
    connection = sqlite3.connect(folder / "c", isolation_level=None)
    try:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("fail", "words"),
    [(locked, "locked"), (missing, "missing"), (damaged, "damaged"), (full, "the disk is full")],
)
def test_unusable_sqlite_is_an_outage(tmp_path: Path, fail: Callable[[Path], None], words: str) -> None:
    with pytest.raises(sqlite3.Error) as raised:
        fail(tmp_path)
    assert is_outage(raised.value)
    assert words in in_words(raised.value)
    assert is_full(raised.value) is (fail is full)
    wrapped = OperationalError("as Django raises it")
    wrapped.__cause__ = raised.value
    assert is_outage(wrapped)


def test_server_that_refuses_connections_is_an_outage() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(host="127.0.0.1", port=ports.free_port(), user="u", password="the secret", dbname="d")
    assert is_outage(raised.value)
    assert "the secret" not in in_words(raised.value)
    assert "\n" not in in_words(raised.value)
    assert what_is_wrong(raised.value) == ""


@pytest.mark.django_db
def test_faulty_query_is_no_outage() -> None:
    from django.db import connection, transaction

    with pytest.raises((OperationalError, ProgrammingError)) as raised, transaction.atomic():
        connection.cursor().execute("SELECT nothing FROM nowhere")
    assert not is_outage(raised.value)
    assert not is_outage(IntegrityError("a fault of the data"))
    assert not is_outage(ValueError("something else"))


@pytest.mark.parametrize(
    ("code", "is_away"),
    [
        ("57P01", True),
        ("53300", True),
        ("08006", True),
        ("25006", True),
        ("25P03", True),
        ("40P01", False),
        ("55P03", False),
    ],
)
def test_codes_of_postgresql_tell_an_outage_from_a_conflict(code: str, is_away: bool) -> None:
    assert is_outage(psycopg.errors.lookup(code)()) is is_away


def test_outage_is_reported_once_and_then_rarely(stepped: SteppedClock) -> None:
    outage, error = Outage(), sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    said = []
    for _ in range(3600):
        if words := outage.failed(error):
            said.append(words)
        stepped.step(1)
    assert said[0].startswith("The database can't be used: the file or its folder is missing")
    assert 5 <= len(said) <= 8
    assert outage.pause_s == database_outage.LONGEST_PAUSE_S
    assert outage.is_on
    stepped.step(database_outage.QUIET_S)
    assert outage.worked() == "The database can be used again, after 3603 s."
    assert outage.worked() == ""
    assert not outage.is_on


def test_single_success_between_failures_does_not_end_an_outage(stepped: SteppedClock) -> None:
    outage, error = Outage(), psycopg.OperationalError("gone")
    assert outage.failed(error)
    for _ in range(20):
        stepped.step(1)
        assert outage.worked() == ""
        assert outage.failed(error) == ""
    assert clock.monotonic() > 0
    assert outage.lasts_s == 20
