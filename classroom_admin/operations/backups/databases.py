"""What backup and restore need from a database. `sqlite` and `postgresql` implement it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from django.db import connection

from classroom_admin.operations.backups.manifest import Kind, Manifest
from classroom_admin.operations.backups.postgresql import PostgreSQL
from classroom_admin.operations.backups.problem import BackupProblem
from classroom_admin.operations.backups.snapshot import Snapshot
from classroom_admin.operations.backups.sqlite import SQLite


class Database(Protocol):
    """A database that is copied or restored. Each method raises ``BackupProblem`` if it fails."""

    def copy(self, target: Path) -> Snapshot:
        """Copy the database as it is at one moment, while others use it. `target` is an empty file."""

    def check(self, copy: Path, manifest: Manifest) -> None:
        """Check that a copy can be opened, and contains what the manifest says. Needs no server."""

    def require_empty(self) -> None:
        """Check that a restore destroys nothing."""

    def load(self, copy: Path) -> None:
        """Restore the database from a copy. If that fails, the database is as empty as before."""

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""


def of_kind(kind: Kind) -> Database:
    """Return the database of the settings if it is of this kind, else one that can only check copies."""
    return SQLite(connection) if kind == "sqlite" else PostgreSQL(connection)


def current_kind() -> Kind:
    """Return the kind of the database in the settings. Raise ``BackupProblem`` if it has no backup."""
    kind: Kind
    for kind in ("sqlite", "postgresql"):
        if connection.vendor == kind:
            return kind
    raise BackupProblem(f"Databases of the kind {connection.vendor} can't be backed up with this command.")
