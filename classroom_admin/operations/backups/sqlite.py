"""Copy, check and restore a SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from classroom_admin.operations.backups.manifest import Manifest
from classroom_admin.operations.backups.places import synced
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.operations.backups.snapshot import Snapshot

MADE_BY_MIGRATE: Final = frozenset({"django_migrations", "django_content_type", "auth_permission"})
"""Tables in which Django adds rows to a new database."""
_BESIDE: Final = ("-wal", "-shm", "-journal")
_WAIT_S: Final = 60.0


class SQLite:
    """The SQLite database of a Django connection."""

    def __init__(self, connection: Any) -> None:
        self._path = Path(str(connection.settings_dict["NAME"]))

    def copy(self, target: Path) -> Snapshot:
        """Copy with SQLite's backup function, in one step.

        One step reads one moment of the database, with what is still in the write-ahead log. In WAL mode it
        keeps no writer waiting.
        """
        if not self._path.exists():
            raise BackupProblem(f"There is no database {self._path}, so there is nothing to back up.")
        with _problems(f"The database {self._path} could not be copied"):
            with closing(_opened(self._path, "mode=rw")) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
            with _opened_copy(target) as copy:
                applied = copy.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
                return Snapshot(sqlite3.sqlite_version, [tuple(row) for row in applied], _rows(copy))

    def check(self, copy: Path, manifest: Manifest) -> None:
        with _problems("The database in the backup is damaged"), _opened_copy(copy) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
            broken = database.execute("PRAGMA foreign_key_check").fetchone()
            rows = _rows(database)
        if found != ["ok"]:
            raise BackupProblem(f"The database in the backup is damaged: {'; '.join(found)}.")
        if broken is not None:
            raise BackupProblem(
                f"The database in the backup is damaged: a row of {broken[0]} names one of {broken[2]} "
                "that is missing."
            )
        if rows != manifest.rows:
            raise BackupProblem("The database in the backup has other numbers of rows than its manifest.")

    def require_empty(self) -> None:
        if not self._path.exists() or not self._path.stat().st_size:
            return
        with _problems(f"{self._path} is no SQLite database that can be replaced"):
            filled = sorted(
                name for name, count in self.rows().items() if count and name not in MADE_BY_MIGRATE
            )
        if filled:
            raise BackupProblem(
                f"The database {self._path} has data, for example in {filled[0]}. A restore replaces "
                "nothing. Choose another DATA_DIR or DATABASE_URL, or move the old data away."
            )

    def load(self, copy: Path) -> None:
        """Move the copy to the path of the database. It must be in a folder of the same file system."""
        with in_words(self._path):
            copy.chmod(0o600)
            for suffix in _BESIDE:
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            copy.replace(self._path)
            synced(self._path.parent)

    def rows(self) -> dict[str, int]:
        with closing(_opened(self._path, "mode=rw")) as database:
            return _rows(database)

    @property
    def folder(self) -> Path:
        """Return the folder of the database."""
        return self._path.parent


@contextmanager
def _problems(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BackupProblem(f"{what}: {error}.") from error


def _opened(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True, timeout=_WAIT_S)


@contextmanager
def _opened_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy that nobody else uses. SQLite then creates no files beside it."""
    with closing(_opened(path, "mode=ro&immutable=1")) as database:
        yield database


def _rows(database: sqlite3.Connection) -> dict[str, int]:
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY name"
    ).fetchall()
    return {name: _count(database, name) for (name,) in found}


def _count(database: sqlite3.Connection, table: str) -> int:
    quoted = '"' + table.replace('"', '""') + '"'
    count: int = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]
    return count
