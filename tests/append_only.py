"""Change records of the audit log in spite of its triggers, as an attacker with the database could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from classroom_admin.audit import triggers


@contextmanager
def without_triggers() -> Iterator[None]:
    """Drop the triggers of the audit log during the block."""
    connection.check_constraints()  # PostgreSQL drops no trigger while constraints of its table are pending
    triggers.drop(connection)
    try:
        yield
    finally:
        if connection.vendor == "postgresql" and connection.in_atomic_block:
            connection.check_constraints()
        triggers.create(connection)


def attack(sql: str, values: list[Any] | None = None) -> None:
    """Run a statement without the triggers."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(sql, values)
