"""The data folder: private to its account, and used by one installation at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor runs on this data folder; the text says which process."""


def make_private(data_dir: Path) -> None:
    """Make the folder with mode 0700 if it is missing; else remove the permissions of others.

    A folder of another account, or one with the sticky bit (``/tmp``), is left as it is. Raises ``OSError``
    where the folder can't be made.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = data_dir.stat()
    if found.st_uid == os.getuid() and found.st_mode & 0o077 and not found.st_mode & stat.S_ISVTX:
        data_dir.chmod(0o700)


def make_database_private(database: Path) -> None:
    """Remove the permissions of others from our database file and from SQLite's files beside it."""
    for suffix in ("", "-wal", "-shm"):
        path = database.with_name(database.name + suffix)
        try:
            found = path.stat()
            if found.st_uid == os.getuid() and found.st_mode & 0o077:
                path.chmod(0o600)
        except FileNotFoundError:
            continue  # SQLite removes -wal and -shm when the last connection closes


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Make the folder (private) and lock it while the block runs; the kernel unlocks it however we end.

    Raises ``AlreadyRunning``, and ``OSError`` where the folder can't be made or written.
    """
    make_private(data_dir)
    with (data_dir / "running.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise AlreadyRunning(
                f"Already running as process {holder} on {data_dir}. "
                "Stop that process, or choose another folder with DATA_DIR=/path."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
