"""Migrate the test database one migration at a time, as a database of an earlier release is migrated."""

from __future__ import annotations

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


def migrate_to_newest() -> None:
    made = executor()
    made.migrate(made.loader.graph.leaf_nodes())
