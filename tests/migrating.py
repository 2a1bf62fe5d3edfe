"""Migrate the test database one migration at a time, as a database of an earlier release is migrated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


class EachMigration(MigrationLoader):
    """Load the migrations that a squashed migration replaces, and not the squashed migration."""

    def load_disk(self) -> None:
        super().load_disk()
        self.disk_migrations = {key: one for key, one in self.disk_migrations.items() if not one.replaces}


def executor() -> MigrationExecutor:
    """Return an executor that knows no squashed migration, so it can migrate to any earlier state."""
    made = MigrationExecutor(connection)
    made.loader = EachMigration(connection)
    return made


NOT_SQUASHED = {("rooms", "0014_substitutions")}
ADDED_WITH_SQUASHED = {("rooms", "0020_merge_substitutions")}


def undo_newer_than_squashed() -> None:
    """Undo the migrations of the product that are newer than the squashed ones and what belongs to them."""
    graph = MigrationExecutor(connection).loader.graph
    squashed = {key for key, one in MigrationLoader(None).disk_migrations.items() if one.replaces}
    kept = squashed | NOT_SQUASHED | ADDED_WITH_SQUASHED
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("classroom_admin.")}
    newer = {app for app, name in graph.nodes if app in ours and (app, name) not in kept}
    newest = dict(sorted(kept, key=lambda target: len(graph.forwards_plan(target))))
    MigrationExecutor(connection).migrate([(app, newest.get(app)) for app in newer])


def migrate_to_newest() -> None:
    made = executor()
    made.migrate(made.loader.graph.leaf_nodes())


SQLITE_SCHEMA = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
"""A query of what `sqlite_schema` takes."""


def sqlite_schema(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the parts of each CREATE statement, by name. The order of columns and constraints is sorted."""
    return {
        name: sorted(_parts(sql)) if sql.startswith("CREATE TABLE") else list(_parts(sql))
        for name, sql in rows
    }


def _parts(sql: str) -> Iterator[str]:
    """Yield what stands before the parentheses of a CREATE statement, and each column and constraint."""
    start, depth = 0, 0
    for place, sign in enumerate(sql):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if (sign, depth) in (("(", 1), (",", 1), (")", 0)):
            yield re.sub(r"\s+", " ", sql[start:place]).strip()
            start = place + 1
    yield sql[start:].strip()
