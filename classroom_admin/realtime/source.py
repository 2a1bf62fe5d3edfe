"""How a process learns that something changed: once, whatever the number of pages that it serves.

PostgreSQL tells which rooms (triggers, `live/migrations`); SQLite only that something was committed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

import psycopg
from django.db import connections

log = logging.getLogger(__name__)

CHANNEL: Final = "classroom_changes"
SQLITE_EVERY_S: Final = 0.025
TOGETHER_S: Final = 0.01
"""Notifications that come within so long are one change."""
ANEW_AFTER_S: Final = 2.0
ANYTHING: Final = None
"""Said instead of ids where it is not known which rooms changed."""
Changed = frozenset[int] | None


class Source(Protocol):
    """Yields ids of rooms that may have changed, or ANYTHING. Ends when its iteration is cancelled."""

    def changes(self) -> AsyncIterator[Changed]: ...


def source_for(alias: str = "default") -> Source:
    """The way that the configured database has."""
    connection = connections[alias]
    parameters = connection.get_connection_params()
    if connection.vendor == "postgresql":
        return PostgresSource(parameters)
    return SqliteSource(str(parameters["database"]))


class SqliteSource:
    """`PRAGMA data_version` on a connection of its own: a number that changes with every commit of another.

    It reads a word of shared memory (about 10 µs), so it runs in the event loop.
    """

    def __init__(self, path: str, *, every_s: float = SQLITE_EVERY_S) -> None:
        self._path = path
        self._every_s = every_s

    async def changes(self) -> AsyncIterator[Changed]:
        # autocommit, and never a writer: it must not hold a lock or a snapshot
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None, timeout=0)) as eye:
            seen = -1
            while True:
                version = self._version(eye, seen)
                if version != seen:
                    seen = version
                    yield ANYTHING
                await asyncio.sleep(self._every_s)

    @staticmethod
    def _version(eye: sqlite3.Connection, seen: int) -> int:
        try:
            return int(eye.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.OperationalError as error:  # busy, for a moment: look again
            log.debug("data_version: %s", error)
            return seen


class PostgresSource:
    """LISTEN on a connection of its own (a pooler in transaction mode would not do)."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        known = ("dbname", "user", "password", "host", "port", "options", "service", "passfile")
        tls = {name: value for name, value in parameters.items() if name.startswith("ssl")}
        self._parameters = {name: parameters[name] for name in known if parameters.get(name)} | tls

    async def changes(self) -> AsyncIterator[Changed]:
        while True:
            try:
                async for changed in self._listen():
                    yield changed
            except psycopg.OperationalError as error:
                log.warning("listening for changes broke off, trying again: %s", error)
            await asyncio.sleep(ANEW_AFTER_S)

    async def _listen(self) -> AsyncIterator[Changed]:
        ear = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        try:
            await ear.execute(f"LISTEN {CHANNEL}")
            yield ANYTHING  # what was said while nobody listened
            while True:
                ids: set[int] = set()
                async for told in ear.notifies(stop_after=1):
                    ids.add(int(told.payload))
                async for told in ear.notifies(timeout=TOGETHER_S):
                    ids.add(int(told.payload))
                if ids:
                    yield frozenset(ids)
        finally:
            await ear.close()
