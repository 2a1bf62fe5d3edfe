"""Restore a backup into an empty place: database, uploaded files, list of erasures and keys."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from classroom_admin.common.version import version
from classroom_admin.environment.variables import read
from classroom_admin.operations.backups import databases, manifest
from classroom_admin.operations.backups.manifest import Manifest
from classroom_admin.operations.backups.places import folder_of_files, forget_unfinished, workspace
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.operations.backups.verification import Reader, reading, save, unpacked
from classroom_admin.runtime import data_folder, key_files
from classroom_admin.runtime.installation import migration_names

_MAY_BE_THERE: Final = frozenset({"running.lock", "lost+found"})
_KEY_NAMES: Final = tuple(Path(name).name for name in manifest.KEYS)
_KEPT: Final = ".before-restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `uploads` is the number of uploaded files."""

    manifest: Manifest
    uploads: int
    with_keys: bool


def restore(path: Path, *, ledger: Path | None) -> Restored:
    """Restore a backup. `ledger` is a newer list of erasures, from the installation that was lost.

    Raise ``BackupProblem`` if the place is not empty, or if the backup does not fit. Nothing is left behind
    then: everything that this call wrote is deleted again.
    """
    newer = _ledger_lines(ledger)
    try:
        with _undone_after_a_problem() as written, in_words(path), data_folder.hold(settings.DATA_DIR):
            _require_empty_folders()
            database = databases.of_kind(databases.current_kind())
            database.require_empty()
            place = _place_of_copy()
            written.folder(place)
            with workspace(place) as folder:
                copy = folder / "copy"
                found = unpacked(path, copy)
                _require_fitting(found)
                database.check(copy, found)
                has_keys = _prepare_keys(found, written)
                uploads = _extract(path, written)
                _add_to_ledger(newer, written)
                database.load(copy)
            return Restored(found, uploads, has_keys)
    except (data_folder.AlreadyRunning, data_folder.OpenToOthers, key_files.UnusableKeyFile) as error:
        raise BackupProblem(str(error)) from error


def _place_of_copy() -> Path:
    """Return the folder for the copy of the database: the one of a SQLite database, which is then renamed."""
    if databases.current_kind() == "sqlite":
        return Path(str(connection.settings_dict["NAME"])).absolute().parent
    return Path(settings.DATA_DIR)


# --- what must be true before anything is written ---------------------------------------------------------


def _require_empty_folders() -> None:
    """Check that DATA_DIR and the folder of uploaded files are empty, apart from keys and the database."""
    data_dir = Path(settings.DATA_DIR)
    forget_unfinished(data_dir)
    database = Path(str(connection.settings_dict["NAME"])).name
    allowed = {*_MAY_BE_THERE, *_KEY_NAMES, database, f"{database}-wal", f"{database}-shm"}
    found = sorted(one.name for one in data_dir.iterdir() if one.name not in allowed)
    if found:
        raise BackupProblem(
            f"DATA_DIR {data_dir} is not empty: it contains {found[0]}. A restore replaces nothing. Choose "
            "another DATA_DIR, or move the old one away."
        )
    files = folder_of_files()
    if files is not None and files.is_dir() and any(one.name not in _MAY_BE_THERE for one in files.iterdir()):
        raise BackupProblem(f"FILES_DIR {files} is not empty. Choose another one, or move the files away.")


def _require_fitting(found: Manifest) -> None:
    """Check that this version and this kind of database can use the backup."""
    kind = databases.current_kind()
    if found.database != kind:
        raise BackupProblem(
            f"The backup has a database of the kind {found.database}, but DATABASE_URL names one of the kind "
            f"{kind}. A backup can be restored only into the same kind."
        )
    newer = _unknown(found.migrations)
    if newer:
        raise BackupProblem(
            f"The backup is of version {found.version}, which is newer than this version {version()}: it has "
            f"the migration {newer[-1]}, which is unknown here. Install version {found.version}, and restore "
            "again."
        )


def _unknown(migrations: list[tuple[str, str]]) -> list[str]:
    """Return the migrations that this version does not have.

    An app that was squashed again keeps the record of its earlier squashed migration, which has no file.
    """
    known = migration_names()
    apps = {app for app, _name in known}
    return [
        f"{app}.{name}"
        for app, name in migrations
        if (app, name) not in known and not (app in apps and name.startswith("0001_squashed_"))
    ]


# --- keys -------------------------------------------------------------------------------------------------


def _prepare_keys(found: Manifest, written: Written) -> bool:
    """Check that the keys of the backup will be used. Return whether they come from the backup.

    Delete the keys that this process made when it started, so that those of the backup can take their places.
    Rename other keys, which were made for a database without rows.
    """
    data_dir = Path(settings.DATA_DIR)
    given = read(os.environ)
    from_backup = any(one.name in manifest.KEYS for one in found.members)
    own = [path.name for path in _own_keys()]
    there = [name for name in _KEY_NAMES if name not in own and (data_dir / name).exists()]
    if given.SECRET_KEY:
        keys = [given.SECRET_KEY, *given.SECRET_KEY_FALLBACKS]
    elif f"keys/{key_files.SECRET_KEY}" in {one.name for one in found.members}:
        keys = []  # those in the backup are its own
    elif key_files.SECRET_KEY in there:
        keys = key_files.read(data_dir / key_files.SECRET_KEY)
    else:
        raise BackupProblem(_missing_key(found, data_dir))
    if keys and not manifest.is_key_of(found, keys):
        raise BackupProblem(
            "The secret key here is not the one of the backup, so the secrets in the database would be "
            f"unreadable. {_missing_key(found, data_dir)}"
        )
    for path in _own_keys():
        path.unlink(missing_ok=True)
    for name in there if from_backup else []:
        written.move(data_dir / name, data_dir / f"{name}{_KEPT}")
    return from_backup


def _own_keys() -> list[Path]:
    """Return the key files that this process made when it started, because there were none."""
    return key_files.made_here(Path(settings.DATA_DIR))


def _missing_key(found: Manifest, data_dir: Path) -> str:
    if "SECRET_KEY" in found.keys_in_environment:
        return "Set SECRET_KEY to the value that it had in the old installation, and restore again."
    if not found.keys:
        return (
            f"The backup was made without keys. Copy {', '.join(_KEY_NAMES)} of the old installation to "
            f"{data_dir}, and restore again."
        )
    return "Remove SECRET_KEY from the environment, and restore again: the backup has its own key."


# --- writing ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Written:
    """The files and folders that this restore made or renamed, the oldest first."""

    paths: list[Path] = field(default_factory=list)
    moved: list[tuple[Path, Path]] = field(default_factory=list)

    def folder(self, path: Path) -> None:
        """Make a folder and the folders above it."""
        if path.is_dir():
            return
        self.folder(path.parent)
        path.mkdir(mode=0o700)
        self.paths.append(path)

    def move(self, path: Path, place: Path) -> None:
        """Rename a file."""
        path.rename(place)
        self.moved.append((path, place))

    def file(self, path: Path) -> Path:
        """Make the folder of a new file, and return the path."""
        self.folder(path.parent)
        self.paths.append(path)
        return path


@contextmanager
def _undone_after_a_problem() -> Iterator[Written]:
    """Delete what was written, and the keys that this process made, if the block does not end well."""
    written = Written()
    try:
        yield written
    except BaseException:
        for path in reversed([*_own_keys(), *written.paths]):
            with suppress(OSError):  # the first problem counts
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink()
        for path, place in written.moved:
            place.rename(path)
        raise


def _extract(path: Path, written: Written) -> int:
    """Write all members except the database. Return the number of uploaded files."""
    reader, uploads = Reader(path), 0
    with reading(path):
        for name, content in reader.members():
            if name in manifest.DATABASES.values():
                continue
            save(content, written.file(_target(name)))
            uploads += manifest.place_of_file(name) is not None
    reader.compared()
    return uploads


def _target(name: str) -> Path:
    """Return where a member belongs. It is inside of DATA_DIR or FILES_DIR, because its name is safe."""
    data_dir, files = Path(settings.DATA_DIR), folder_of_files()
    place = manifest.place_of_file(name)
    if place is None:
        return data_dir / (Path(name).name if name in manifest.KEYS else name)
    if files is None:
        raise BackupProblem(
            "The backup has uploaded files, but FILES_S3_BUCKET is set. Restore without it, then copy the "
            "files to the bucket."
        )
    return files / place


def _ledger_lines(ledger: Path | None) -> bytes:
    """Return the content of a newer list of erasures. Raise ``BackupProblem`` if it is not one."""
    if ledger is None:
        return b""
    with in_words(ledger):
        content = ledger.read_bytes()
    try:
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    except ValueError:
        lines = []
    if not any(isinstance(line, dict) and "key" in line for line in lines):
        raise BackupProblem(f"{ledger} is not the file erasures/ledger.jsonl of an installation.")
    return content


def _add_to_ledger(lines: bytes, written: Written) -> None:
    """Append the lines of a newer list to the restored one. Readers ignore what is there twice."""
    if not lines:
        return
    path = Path(settings.DATA_DIR) / manifest.LEDGER
    if not path.exists():
        written.file(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(b"\n" + lines.rstrip(b"\n") + b"\n")
        file.flush()
        os.fsync(file.fileno())
