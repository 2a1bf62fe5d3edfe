"""Read whole databases, and use another database than that of the test, on SQLite and PostgreSQL."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

Tables = dict[str, list[tuple[Any, ...]]]


@contextmanager
def another_database(folder: Path) -> Iterator[str]:
    """Yield the name of a database that does not exist (SQLite) or has no tables (PostgreSQL)."""
    if connection.vendor == "sqlite":
        yield str(folder / "classroom_admin.sqlite3")
        return
    name = f"restored_{secrets.token_hex(4)}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Let Django's connection use another database during the block."""
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", name)
        try:
            yield
        finally:
            connection.close()


@contextmanager
def empty_installation(folder: Path, settings: Any) -> Iterator[None]:
    """Let the settings name a new DATA_DIR and an empty database during the block."""
    folder.mkdir(mode=0o700)
    before = settings.DATA_DIR, settings.STORAGES
    files = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(folder / "files")},
    }
    with another_database(folder) as name, connected_to(name):
        settings.DATA_DIR, settings.STORAGES = folder, settings.STORAGES | {"default": files}
        try:
            yield
        finally:
            settings.DATA_DIR, settings.STORAGES = before


def every_table(name: str | None = None) -> Tables:
    """Return all rows of all tables of a database, in the order of their values."""
    if connection.vendor == "sqlite":
        path = name or connection.settings_dict["NAME"]
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return _tables(database.cursor(), "SELECT name FROM sqlite_master WHERE type = 'table'")
    own = connection.copy()
    if name is not None:
        own.settings_dict["NAME"] = name
    try:
        with own.cursor() as cursor:
            # As text: the driver reads JSON as dictionaries, which have no order.
            return _tables(
                cursor,
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
                columns='"{0}"::text',
            )
    finally:
        own.close()


def _tables(cursor: Any, names: str, *, columns: str = "*") -> Tables:
    cursor.execute(names)
    found: Tables = {}
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT {columns.format(table)} FROM "{table}"')
        found[table] = sorted(cursor.fetchall(), key=repr)
    return found


@contextmanager
def frozen() -> Iterator[None]:
    """Let every process that writes to the database wait during the block. Readers do not wait."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            else:
                _lock_all_tables(cursor)
            yield
            cursor.execute("ROLLBACK")
    finally:
        own.close()


def _lock_all_tables(cursor: Any) -> None:
    """Lock all tables. A writer that has one and waits for another would be a deadlock, so give way to it."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = ", ".join(f'"{name}"' for (name,) in sorted(cursor.fetchall()))
    deadline = time.monotonic() + 60
    while True:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL lock_timeout = '200ms'")  # PostgreSQL looks for deadlocks after a second
        try:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        except OperationalError:
            cursor.execute("ROLLBACK")
            assert time.monotonic() < deadline, "the tables were never free"
        else:
            return
