"""SQLite in tests: its settings, and how a test's rows are deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction

SAFE, QUICK = "synchronous=FULL", "synchronous=OFF"


def without_waiting_for_the_disk(database: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a SQLite database whose commits do not wait until the disk has stored them.

    Only a loss of power could tell the difference: what a killed process has committed, the system still
    writes. Each wait takes milliseconds, and most tests commit many times.
    """
    options = database["OPTIONS"]
    assert SAFE in options["init_command"], "the product waits for the disk"
    return database | {"OPTIONS": options | {"init_command": options["init_command"].replace(SAFE, QUICK)}}


def flush(connection: Any, sql_list: list[str]) -> None:
    """Run the statements that delete all rows of a table each, but only for tables with rows.

    Triggers of these tables are dropped meanwhile. Most tests leave rows in few of the tables.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        filled = [sql for sql in sql_list if _has_rows(cursor, sql)]
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [
            (name, create)
            for name, table, create in cursor.fetchall()
            if any(f'"{table}"' in sql for sql in filled)
        ]
        for name, _create in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        for sql in [*filled, *(create for _name, create in triggers)]:
            cursor.execute(sql)


def _has_rows(cursor: Any, delete: str) -> bool:
    cursor.execute(delete.replace("DELETE", "SELECT 1", 1).replace(";", " LIMIT 1"))
    return cursor.fetchone() is not None
