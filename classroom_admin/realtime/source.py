"""Watch the database for changes, once per process for all open pages of the process.

PostgreSQL reports which rooms changed (triggers in `web/migrations`). SQLite reports only that data changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import quote

import psycopg
from django.db import connections

from classroom_admin.common import database_outage

log = logging.getLogger(__name__)

CHANNEL: Final = "classroom_changes"
SQLITE_EVERY_S: Final = 0.025
BATCH_S: Final = 0.01
"""The time (s) for which notifications are collected before they are reported together."""
RECONNECT_AFTER_S: Final = 2.0
ANYTHING: Final = None
"""The value that is reported instead of ids if it is unknown which rooms changed."""
Changed = frozenset[int] | None


def source_for(alias: str = "default") -> SqliteSource | PostgresSource:
    """Return the source of changes in the database with this alias. To end the source, cancel its task."""
    connection = connections[alias]
    parameters = connection.get_connection_params()
    if connection.vendor == "postgresql":
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


class PostgresSource:
    """A source that runs LISTEN on its own connection.

    This does not work through a transaction-mode pooler.
    """

    def __init__(self, parameters: dict[str, Any]) -> None:
        known = (
            *("dbname", "user", "password", "host", "port", "options", "service", "passfile"),
            *("connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        )
        tls = {name: value for name, value in parameters.items() if name.startswith("ssl")}
        self._parameters = {name: parameters[name] for name in known if parameters.get(name)} | tls

    async def changes(self) -> AsyncGenerator[Changed, None]:
        while True:
            try:
                async for changed in self._listen():
                    yield changed
            except psycopg.OperationalError as error:
                if database_outage.is_outage(error):
                    database_outage.of_process.note(error)
                else:
                    log.warning("the connection that listens for changes failed, reconnecting: %s", error)
            await asyncio.sleep(RECONNECT_AFTER_S)

    async def _listen(self) -> AsyncGenerator[Changed, None]:
        connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
            yield ANYTHING  # Report the changes that happened before the connection was open.
            while True:
                ids: set[int] = set()
                async for notification in connection.notifies(stop_after=1):
                    ids.add(int(notification.payload))
                async for notification in connection.notifies(timeout=BATCH_S):
                    ids.add(int(notification.payload))
                if ids:
                    yield frozenset(ids)
        finally:
            await connection.close()
