"""Copy, check and restore a PostgreSQL database with its own programs `pg_dump` and `pg_restore`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError
from django.db.backends.postgresql.client import DatabaseClient

from classroom_admin.operations.backups.manifest import Manifest
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.operations.backups.snapshot import Snapshot

_TABLES: Final = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname, c.relname
"""
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


class PostgreSQL:
    """The PostgreSQL database of a Django connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def copy(self, target: Path) -> Snapshot:
        """Copy with `pg_dump`. It reads the same moment as the transaction that counts the rows."""
        with self._own_cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = str(cursor.fetchone()[0])
            _require(_program("pg_dump"), at_least=int(version.split(".")[0]))
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # The transaction waits for pg_dump, and must not count as stopped.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            moment = str(cursor.fetchone()[0])
            self._dump(target, moment)
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
            migrations = [(str(app), str(name)) for app, name in cursor.fetchall()]
            found = Snapshot(version, migrations, _rows(cursor))
            cursor.execute("COMMIT")
            return found

    def check(self, copy: Path, manifest: Manifest) -> None:
        """Check that `pg_restore` reads the list of contents, with every table of the manifest."""
        listed = _run(
            [_program("pg_restore"), "--list", str(copy)], {}, "The database in the backup is damaged"
        )
        found = set(re.findall(r"^\d+; \d+ \d+ TABLE DATA (\S+ \S+) ", listed, re.MULTILINE))
        missing = sorted(name for name in manifest.rows if _listed(name) not in found)
        if missing:
            raise BackupProblem(f"The database in the backup is damaged: the table {missing[0]} is missing.")

    def require_empty(self) -> None:
        with self._own_cursor() as cursor:
            cursor.execute(_TABLES)
            found = cursor.fetchone()
        if found is not None:
            raise BackupProblem(
                f"The database {self._connection.settings_dict['NAME']} has tables, for example {found[1]}. "
                "A restore replaces nothing. Create an empty database, and name it in DATABASE_URL."
            )

    def load(self, copy: Path) -> None:
        """Restore with `pg_restore` in one transaction."""
        arguments, environment = self._address()
        options = [
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
            "--no-password",
        ]
        program = _program("pg_restore")
        what = "The database could not be restored, and is still empty"
        _run([program, *options, *arguments, str(copy)], environment, what)

    def rows(self) -> dict[str, int]:
        with self._own_cursor() as cursor:
            return _rows(cursor)

    def _dump(self, target: Path, moment: str) -> None:
        arguments, environment = self._address()
        options = ["--format=custom", "--no-password", "--lock-wait-timeout=60s", f"--snapshot={moment}"]
        with in_words(target), target.open("wb") as file:
            what = "The database could not be copied"
            _run([_program("pg_dump"), *options, *arguments], environment, what, output=file.fileno())

    def _address(self) -> tuple[list[str], dict[str, str]]:
        """Return arguments and environment variables for the server. The password is not an argument."""
        arguments, environment = DatabaseClient.settings_to_cmd_args_env(self._connection.settings_dict, [])
        *given, name = arguments[1:]
        return [*given, f"--dbname={name}"], environment or {}

    @contextmanager
    def _own_cursor(self) -> Iterator[Any]:
        """Connect to the server once more, for a transaction of our own."""
        own = self._connection.copy()
        try:
            with own.cursor() as cursor:
                yield cursor
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            raise BackupProblem(f"The database server refuses: {reason}") from error
        finally:
            own.close()


def _rows(cursor: Any) -> dict[str, int]:
    cursor.execute(_TABLES)
    tables = [(str(schema), str(table)) for schema, table in cursor.fetchall()]
    found = {}
    for schema, table in tables:
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, table))
        cursor.execute(f"SELECT count(*) FROM {quoted}")
        found[table if schema == "public" else f"{schema}.{table}"] = int(cursor.fetchone()[0])
    return found


def _listed(table: str) -> str:
    """Return how `pg_restore --list` names a table of the manifest."""
    schema, _, name = table.rpartition(".")
    return f"{schema or 'public'} {name}"


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise BackupProblem(
            f"There is no program {name} in PATH. Install PostgreSQL's client programs, on Debian: "
            "apt-get install postgresql-client"
        )
    return path


def _require(program: str, *, at_least: int) -> None:
    said = _run([program, "--version"], {}, f"{program} does not run")
    found = _VERSION.search(said)
    if found is None or int(found[1]) < at_least:
        raise BackupProblem(
            f"{program} is of version {found[1] if found else 'unknown'}, but the server is of version "
            f"{at_least}. Install the client programs of version {at_least} or newer, and put them first in "
            "PATH."
        )


def _run(argv: list[str], environment: dict[str, str], what: str, *, output: int = subprocess.PIPE) -> str:
    """Run a program, and return what it prints. Raise ``BackupProblem`` with its last words if it fails."""
    done = subprocess.run(
        argv,
        env=os.environ | environment | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[:3]
        raise BackupProblem(f"{what}: {' '.join(said) or f'exit code {done.returncode}'}")
    return (done.stdout or b"").decode(errors="replace")
