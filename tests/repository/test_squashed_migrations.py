"""A new database gets the schema that the replaced migrations give, on the database that the tests use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom_admin.runtime import installation
from tests import migrating

APPS = ("accounts", "actions", "audit", "live", "rooms", "sync")
EARLIER_SQUASHED = {
    ("accounts", "0001_squashed_0005_fill_search"),
    ("actions", "0001_squashed_0010_calendar_revisions"),
    ("audit", "0001_squashed_0002_pending_confirmation"),
    ("rooms", "0001_squashed_0013_people_total"),
    ("sync", "0001_squashed_0007_presence_corrections"),
}
"""The first squashed migrations. Databases have recorded them and all that they replaced."""
BETWEEN = [
    ("accounts", "0006_must_change_password"),
    ("actions", "0012_end_and_stop_recordings"),
    ("live", "0003_acknowledgement"),
    ("rooms", "0014_substitutions"),
    ("rooms", "0016_resource_put_by"),
    ("sync", "0008_notices_and_sources_of_corrections"),
]
"""The newest migrations of a database that was migrated between two releases."""
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


def schema() -> dict[str, list[Any]]:
    """Return the schema, sorted."""
    if connection.vendor == "postgresql":
        return {what: sorted(rows(sql), key=repr) for what, sql in POSTGRESQL.items()}
    return migrating.sqlite_schema(rows(migrating.SQLITE_SCHEMA))


def recorded() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def forget(*names: tuple[str, str]) -> None:
    for name in names:
        MigrationRecorder(connection).record_unapplied(*name)


def assert_newest(of_new_database: dict[str, list[Any]]) -> None:
    """Check the schema and the records, and that the models need no further migration."""
    assert schema() == of_new_database
    assert installation.migration_names() <= recorded()
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_database_between_two_releases_gets_the_schema_of_a_new_one() -> None:
    """The rest is migrated one by one. The names of earlier squashed migrations stay recorded."""
    of_new_database = schema()
    MigrationExecutor(connection).migrate([(app, None) for app in APPS])
    assert not [name for name in connection.introspection.table_names() if name.startswith(APPS)]
    migrating.executor().migrate(BETWEEN)
    for name in EARLIER_SQUASHED:
        MigrationRecorder(connection).record_applied(*name)
    installation.migrate()
    assert_newest(of_new_database)
    assert recorded() >= EARLIER_SQUASHED


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_database_with_earlier_squashed_migrations_is_newest_after_migrate() -> None:
    squashed = {key for key, one in MigrationLoader(None).disk_migrations.items() if one.replaces}
    assert {app for app, _name in squashed} == set(APPS)
    assert installation.migration_names() <= recorded()
    of_new_database = schema()
    migrating.undo_newer_than_squashed()
    forget(*squashed, *migrating.ADDED_WITH_SQUASHED)
    for name in EARLIER_SQUASHED:
        MigrationRecorder(connection).record_applied(*name)
    assert not installation.migration_names() <= recorded()
    installation.migrate()
    assert_newest(of_new_database)


class OfApplied(MigrationLoader):
    """Load the migrations as for a database that has applied some of them."""

    def __init__(self, applied: Iterable[tuple[str, str]]) -> None:
        with patch.object(MigrationRecorder, "applied_migrations", lambda _recorder: dict.fromkeys(applied)):
            super().__init__(connection)
            self.check_consistent_history(connection)


EACH = migrating.EachMigration(None).graph


@settings(max_examples=40)
@given(
    newest=st.sets(st.sampled_from(sorted(EACH.nodes)), max_size=6), squashed=st.sets(st.sampled_from(APPS))
)
def test_every_earlier_state_has_a_way_to_the_newest(newest: set[Any], squashed: set[str]) -> None:
    """Each state is a set of applied migrations with all that they need, and names of squashed ones."""
    applied = {one for target in newest for one in EACH.forwards_plan(target)}
    names = {name for name in EARLIER_SQUASHED if name[0] in squashed}
    loader = OfApplied(applied | names)
    assert loader.detect_conflicts() == {}
    plan = {one for leaf in loader.graph.leaf_nodes() for one in loader.graph.forwards_plan(leaf)}
    run = [
        key
        for one in plan - set(loader.applied_migrations)
        for key in loader.graph.nodes[one].replaces or [one]
    ]
    assert sorted([*run, *applied]) == sorted(EACH.nodes)


def test_migrations_one_by_one_give_the_models() -> None:
    loader = migrating.EachMigration(None)
    assert loader.detect_conflicts() == {}
    found = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    assert found.changes(graph=loader.graph) == {}


def test_squashed_migrations_replace_every_older_one() -> None:
    """A new migration may follow the squashed one, but none may be left out."""
    loader = MigrationLoader(None)
    for key, squashed in loader.disk_migrations.items():
        if squashed.replaces:
            last = max(squashed.replaces)
            names = {one for one in loader.disk_migrations if one[0] == key[0] and one != key and one <= last}
            assert names - migrating.NOT_SQUASHED == set(squashed.replaces)
            assert key[1] == f"0001_squashed_{last[1]}"
