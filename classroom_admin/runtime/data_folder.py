"""Make the data folder private to the user who runs this process, and lock it for one installation."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Raised if another supervisor uses this data folder. The message has its process id."""


def make_private(data_dir: Path) -> None:
    """Create the folder with mode 0700, or set this mode if other users have permissions on it.

    A folder that belongs to another user or has the sticky bit (such as ``/tmp``) is not changed. Raise
    ``OSError`` if the folder can't be created.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = data_dir.stat()
    if found.st_uid == os.getuid() and found.st_mode & 0o077 and not found.st_mode & stat.S_ISVTX:
        data_dir.chmod(0o700)


def make_database_private(database: Path) -> None:
    """Remove other users' permissions on the SQLite database file and on its -wal and -shm files."""
    for suffix in ("", "-wal", "-shm"):
        path = database.with_name(database.name + suffix)
        try:
            found = path.stat()
            if found.st_uid == os.getuid() and found.st_mode & 0o077:
                path.chmod(0o600)
        except FileNotFoundError:
            continue  # SQLite deletes -wal and -shm when the last connection closes


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Create the private folder and lock it during the block.

    Raise ``AlreadyRunning`` if another process has the lock, and ``OSError`` if the folder is not writable.
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
