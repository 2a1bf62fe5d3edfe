"""Watch a PostgreSQL database for changes. Its triggers (in `web/migrations`) report which rooms changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any, Final

import psycopg

from classroom_admin.common import database_outage
from classroom_admin.realtime.source import ANYTHING, Changed

log = logging.getLogger(__name__)

CHANNEL: Final = "classroom_changes"
BATCH_S: Final = 0.01
"""The time (s) for which notifications are collected before they are reported together."""
RECONNECT_AFTER_S: Final = 2.0


class PostgresSource:
    """A source that runs LISTEN on its own connection.

    This does not work through a transaction-mode pooler.
    """

    def __init__(self, parameters: dict[str, Any]) -> None:
        known = (
            *("dbname", "user", "password", "host", "port", "options", "service", "passfile"),
            *("connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count"),
            "tcp_user_timeout",
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
