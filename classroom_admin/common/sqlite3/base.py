"""The backend that Django loads. A web process or worker must not create the database file.

If the file is away for a moment, SQLite would create an empty one. If the file then comes back, SQLite could
apply the changes of the empty database to it.
"""

import sqlite3
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from classroom_admin.common import sqlite3 as sqlite3_backend


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite. It refuses to create the database if `may_create` is False."""

    def get_new_connection(self, conn_params: Any) -> Any:
        if not sqlite3_backend.may_create and not self.is_in_memory_db():
            _require(Path(conn_params["database"]))
        return super().get_new_connection(conn_params)


def _require(path: Path) -> None:
    """Raise ``sqlite3.OperationalError`` as SQLite does if the file is missing or empty."""
    try:
        if path.stat().st_size:
            return
        reason = f"{path} is empty"
    except OSError as reason_:
        reason = f"{path}: {reason_.strerror}"
    error = sqlite3.OperationalError(f"unable to open database file: {reason}")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    raise error
