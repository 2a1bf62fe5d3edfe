"""Watch the database for changes, once per process for all open pages of the process.

PostgreSQL reports which rooms changed (triggers in `web/migrations`). SQLite reports only that data changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncGenerator
from typing import Final, Protocol
from urllib.parse import quote

from django.db import connections

log = logging.getLogger(__name__)

SQLITE_EVERY_S: Final = 0.025
ANYTHING: Final = None
"""The value that is reported instead of ids if it is unknown which rooms changed."""
Changed = frozenset[int] | None


class Source(Protocol):
    """A source of changes. To end it, cancel its task."""

    def changes(self) -> AsyncGenerator[Changed, None]: ...


def source_for(alias: str = "default") -> Source:
    """Return the source of changes in the database with this alias."""
    connection = connections[alias]
    parameters = connection.get_connection_params()
    if connection.vendor == "postgresql":
        # With SQLite, a process needs 5 MB less without this module's driver.
        from classroom_admin.realtime.postgres_source import PostgresSource

        return PostgresSource(parameters)
    return SqliteSource(str(parameters["database"]))


class SqliteSource:
    """A source that polls `PRAGMA data_version`.

    This value changes with every commit of another connection. A poll takes about 10 µs, so it may run in the
    event loop.
    """

    def __init__(self, path: str, *, every_s: float = SQLITE_EVERY_S) -> None:
        self._path = path
        self._every_s = every_s

    async def changes(self) -> AsyncGenerator[Changed, None]:
        # This connection must hold no lock and no snapshot, so it uses autocommit and never writes.
        # The mode keeps SQLite from creating a missing file.
        where = self._path if ":memory:" in self._path else f"file:{quote(self._path)}?mode=rw"
        opened = sqlite3.connect(where, uri=True, isolation_level=None, timeout=0)
        with contextlib.closing(opened) as connection:
            seen = -1
            while True:
                version = self._version(connection, seen)
                if version != seen:
                    seen = version
                    yield ANYTHING
                await asyncio.sleep(self._every_s)

    @staticmethod
    def _version(connection: sqlite3.Connection, seen: int) -> int:
        try:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.OperationalError as error:  # The database is busy. Try again at the next poll.
            log.debug("data_version: %s", error)
            return seen
