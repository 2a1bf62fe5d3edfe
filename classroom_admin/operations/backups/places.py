"""Files and folders of a backup: the new file, temporary copies, and the folder of uploaded files."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from django.core.files.storage import FileSystemStorage, default_storage

from classroom_admin.operations.backups.problem import BackupProblem, in_words

BLOCK: Final = 1 << 20
"""How many bytes are read or written at once."""
_PART: Final = ".backup-part"
_COPY: Final = ".backup-copy-"


def folder_of_files() -> Path | None:
    """Return the folder of uploaded files, or None if they are in a bucket."""
    storage = default_storage
    return Path(storage.location) if isinstance(storage, FileSystemStorage) else None


def require_writable(target: Path, *, force: bool) -> None:
    """Check that a backup may be written to a path. Raise ``BackupProblem`` if not."""
    files = folder_of_files()
    if files is not None and target.resolve().is_relative_to(files.resolve()):
        raise BackupProblem(
            f"{target} is in the folder of uploaded files. Choose another place for the backup."
        )
    if target.is_dir():
        raise BackupProblem(f"{target} is a folder. Name a file, or use --into {target}.")
    if not target.parent.is_dir():
        raise BackupProblem(f"There is no folder {target.parent}. Create it, or choose another place.")
    if target.exists() and not force:
        raise BackupProblem(f"{target} exists. Choose another name, or replace it with --force.")


@contextmanager
def new_file(target: Path, *, force: bool) -> Iterator[tuple[IO[bytes], Path]]:
    """Open a new file that gets the name `target` when the block ends without an error.

    Yield the file and its temporary path, which is in the same folder. Other accounts can't read it. It is
    locked while it is written, so `forget_unfinished` knows the files of killed processes.
    """
    require_writable(target, force=force)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PART}")
    with in_words(target):
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with in_words(target), os.fdopen(descriptor, "w+b", buffering=BLOCK) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.fchmod(file.fileno(), 0o600)
            yield file, part
            file.flush()
            os.fsync(file.fileno())
        require_writable(target, force=force)
        with in_words(target):
            part.replace(target)
            synced(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """Create a private folder for a copy of the database. It is deleted after the block.

    It is locked, so `forget_unfinished` knows the folders of killed processes.
    """
    with in_words(folder):
        made = Path(tempfile.mkdtemp(prefix=_COPY, dir=folder))
        lock = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made
    finally:
        os.close(lock)
        shutil.rmtree(made, ignore_errors=True)


def forget_unfinished(folder: Path) -> None:
    """Delete the temporary files and folders that killed processes left in a folder."""
    with in_words(folder):
        for path in [*folder.glob(f".*{_PART}"), *folder.glob(f"{_COPY}*")]:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except BlockingIOError:
                continue  # another process is writing it
            finally:
                os.close(descriptor)


def synced(folder: Path) -> None:
    """Wait until the disk has stored the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
