"""Let PostgreSQL end the sessions of clients that have disappeared or stopped.

A machine that loses power or its network closes no connection. Without these settings, PostgreSQL would
notice this after two hours. Until then, the transactions of that machine would hold their locks. One of them
may be the lock of the lease for polling, and then no other machine could poll.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.signals import connection_created

VANISHED: Final = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""The server's settings that find a machine that no longer answers, within 14 s (s; the last one in ms)."""
STOPPED: Final = {"idle_in_transaction_session_timeout": "60000"}
"""The time (ms) after which a transaction of a stopped process ends. Its machine still answers."""


def connect() -> None:
    """Connect the signal of Django. A second call has no effect."""
    connection_created.connect(_set, dispatch_uid="settings of a PostgreSQL session")


def _set(*, connection: Any, **_: Any) -> None:
    """Set the values with one statement. They are no options of the connection, which a pooler may refuse."""
    if connection.vendor != "postgresql":
        return
    settings = VANISHED | STOPPED
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    with connection.wrap_database_errors:
        connection.connection.execute(f"SELECT {calls}", [word for pair in settings.items() for word in pair])
