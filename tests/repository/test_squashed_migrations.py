"""A new database gets the schema that the replaced migrations give, on the database that the tests use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from classroom_admin.runtime import installation
from tests import migrating

APPS = ("accounts", "actions", "audit", "live", "rooms", "sync")
POSTGRESQL = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,
               is_identity, collation_name
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'live\\_%'",
    "sequences": "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
}


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def parts(sql: str) -> Iterator[str]:
    """Yield what stands before the parentheses of a CREATE statement, and each column and constraint."""
    start, depth = 0, 0
    for place, sign in enumerate(sql):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if (sign, depth) in (("(", 1), (",", 1), (")", 0)):
            yield re.sub(r"\s+", " ", sql[start:place]).strip()
            start = place + 1
    yield sql[start:].strip()


def schema() -> dict[str, list[Any]]:
    """Return the schema, sorted. The order of columns and constraints does not matter."""
    if connection.vendor == "postgresql":
        return {what: sorted(rows(sql), key=repr) for what, sql in POSTGRESQL.items()}
    found = rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'")
    return {
        name: sorted(parts(sql)) if sql.startswith("CREATE TABLE") else list(parts(sql))
        for name, sql in found
    }


def recorded() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


@pytest.mark.django_db(transaction=True)
def test_squashed_migrations_give_the_schema_of_the_replaced_ones() -> None:
    of_squashed = schema()
    executor = migrating.executor()
    executor.migrate([(app, None) for app in APPS])
    assert not [name for name in connection.introspection.table_names() if name.startswith(APPS)]
    migrating.migrate_to_newest()
    assert schema() == of_squashed


@pytest.mark.django_db(transaction=True)
def test_upgraded_database_records_squashed_migrations_once() -> None:
    squashed = {key for key, one in MigrationLoader(None).disk_migrations.items() if one.replaces}
    assert {app for app, _name in squashed} == set(APPS)
    assert installation.migration_names() <= recorded()
    for key in squashed:
        MigrationRecorder(connection).record_unapplied(*key)
    assert not installation.migration_names() <= recorded()
    before = schema()
    installation.migrate()
    assert installation.migration_names() <= recorded()
    assert schema() == before


def test_squashed_migrations_replace_every_older_one() -> None:
    """A new migration may follow the squashed one, but none may be left out."""
    loader = MigrationLoader(None)
    for key, squashed in loader.disk_migrations.items():
        if squashed.replaces:
            last = max(squashed.replaces)
            names = {one for one in loader.disk_migrations if one[0] == key[0] and one != key and one <= last}
            assert names == set(squashed.replaces)
            assert key[1] == f"0001_squashed_{last[1]}"
