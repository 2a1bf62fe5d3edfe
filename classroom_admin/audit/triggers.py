"""Triggers that make the tables of the audit log append-only.

They permit two exceptions, each only in a transaction that adds a row of `Permission`: personal values may be
replaced, and the oldest part of the chain may be deleted. A superuser of the database can drop the triggers.
The chain then shows what was changed.

A migration that changes a table of the audit log drops the triggers first. Each run of `migrate` creates
them again at its end.
"""

from collections.abc import Iterator
from typing import Any, Final

TEXT: Final = "Audit records can only be added."
PERSONAL: Final = {
    "audit_entry": {
        *("actor_name", "address", "agent", "actor_salt"),
        *("target", "target_name", "params", "subject_salt"),
    },
    "audit_step": {"detail", "salt"},
}
"""The columns that an erasure may change."""
TABLES: Final = ("audit_entry", "audit_step", "audit_link", "audit_checkpoint")
_ALLOWS_ERASE: Final = "EXISTS (SELECT 1 FROM audit_permission WHERE kind = 'erase')"
_ALLOWS_DELETE: Final = {
    "audit_entry": "up_to >= (SELECT number FROM audit_link WHERE entry_id = OLD.id)",
    "audit_step": "up_to >= (SELECT number FROM audit_link WHERE step_id = OLD.id)",
    "audit_link": "up_to >= OLD.number",
}
_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def create(connection: Any) -> None:
    """Create the triggers that are missing, if the tables exist."""
    with connection.cursor() as cursor:
        if not set(TABLES) <= set(connection.introspection.table_names(cursor)):
            return
        if set(_names(connection)) <= existing(connection):
            return
        drop(connection)
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for sql in _statements(connection):
            cursor.execute(sql)


def drop(connection: Any) -> None:
    """Drop the triggers."""
    there = existing(connection)
    with connection.cursor() as cursor:
        for name, table in _names(connection).items():
            if name in there:
                on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {name}{on_table}")


def existing(connection: Any) -> set[str]:
    """Return the names of the triggers that exist and are enabled."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name for (name,) in cursor.fetchall()} & set(_names(connection))


def missing(connection: Any) -> list[str]:
    """Return the names of the triggers that do not exist or are disabled."""
    return sorted(set(_names(connection)) - existing(connection))


def _names(connection: Any) -> dict[str, str]:
    """Return the tables of all triggers by the name of the trigger."""
    kinds = ("update", "delete", "truncate" if connection.vendor == "postgresql" else "replace")
    return {f"{table}_{kind}": table for table in TABLES for kind in kinds}


def _statements(connection: Any) -> Iterator[str]:
    is_postgres = connection.vendor == "postgresql"
    refuse = "EXECUTE FUNCTION audit_refuse()" if is_postgres else f"BEGIN SELECT RAISE(ABORT, '{TEXT}'); END"
    for table in TABLES:
        for kind, allowed in (("update", _update(connection, table)), ("delete", _delete(table))):
            sql = f"CREATE TRIGGER {table}_{kind} BEFORE {kind.upper()} ON {table} FOR EACH ROW"
            if is_postgres:
                # PostgreSQL allows no subquery in WHEN, so each of these triggers has its own function.
                yield _function(f"{table}_{kind}", allowed, "NEW" if kind == "update" else "OLD")
                yield f"{sql} EXECUTE FUNCTION {table}_{kind}()"
            else:
                yield f"{sql} WHEN NOT ({allowed}) {refuse}"
        if is_postgres:
            yield f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} {refuse}"
        else:
            # INSERT OR REPLACE deletes the old row without a delete trigger.
            key = "number" if table == "audit_link" else "id"
            same = f"{key} = NEW.{key}"
            if table in PERSONAL:
                same += " OR tag = NEW.tag"
            yield (
                f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} FOR EACH ROW "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
            )


def _function(name: str, allowed: str, row: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {allowed} THEN
        RETURN {row};
    END IF;
    RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _update(connection: Any, table: str) -> str:
    """Return the condition for an update: an erasure that changes only personal columns."""
    if table not in PERSONAL:
        return "1 = 0"
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
    kept = [column.name for column in found if column.name not in PERSONAL[table]]
    return " AND ".join([_ALLOWS_ERASE, *(f"OLD.{name} {same} NEW.{name}" for name in kept)])


def _delete(table: str) -> str:
    if table not in _ALLOWS_DELETE:
        return "1 = 0"
    return (
        f"EXISTS (SELECT 1 FROM audit_permission WHERE kind = 'retention' AND {_ALLOWS_DELETE[table]} "
        "AND up_to IN (SELECT number FROM audit_checkpoint WHERE kind = 'start'))"
    )
