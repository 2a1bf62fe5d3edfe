"""Make the data folder private to the user who runs this process, and lock it for one installation."""

import fcntl
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class AlreadyRunning(Exception):
    """Raised if another supervisor uses this data folder. The message has its process id."""


class OpenToOthers(Exception):
    """Raised if other accounts of this machine can read our data, and we can't change that.

    The message says what to do.
    """


def make_private(data_dir: Path) -> None:
    """Create the folder with mode 0700, or remove other users' permissions on it and on what is in it.

    Raise ``OpenToOthers`` if that is not possible, and ``OSError`` if the folder can't be created.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private(data_dir, name="DATA_DIR")
    for path in data_dir.iterdir():  # keys and copies of the database, if the folder was open before
        with suppress(FileNotFoundError):  # SQLite and the broker delete files at any time
            if not path.is_symlink() and (path.is_file() or path.is_dir()) and _is_ours(path):
                _close(path)


def require_private(path: Path, *, name: str, may_be_shared: bool = False, uid: int | None = None) -> None:
    """Remove other users' permissions on a file or folder. Raise ``OpenToOthers`` if that is not possible.

    ``name`` is the variable that the person can change. With ``may_be_shared``, the path may belong to
    another account and a group, as on a file server. ``uid`` is the account of the process.
    """
    found = path.stat()
    uid = os.getuid() if uid is None else uid
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        raise OpenToOthers(
            f"{name} {path} is a folder that all accounts of this machine share. Choose a folder of its own."
        )
    if found.st_uid != uid and uid != 0:
        if may_be_shared and not found.st_mode & 0o007:
            return
        raise OpenToOthers(
            f"{name} {path} belongs to the account {_account(found.st_uid)}, which could read all data. Run "
            f"the dashboard as this account, or give it the path with: chown -R {_account(uid)} '{path}'"
        )
    _close(path, shared=may_be_shared)
    if path.stat().st_mode & (0o007 if may_be_shared else 0o077):
        raise OpenToOthers(
            f"{name} {path} can be read by other accounts, and its file system does not let us change that. "
            "Choose a place on another file system."
        )


def make_database_private(database: Path) -> None:
    """Remove other users' permissions on the SQLite database file and on its -wal and -shm files.

    Raise ``OpenToOthers`` if that is not possible.
    """
    for suffix in ("", "-wal", "-shm"):
        path = database.with_name(database.name + suffix)
        with suppress(FileNotFoundError):  # SQLite deletes -wal and -shm when the last connection closes
            require_private(path, name="The database")


def _close(path: Path, *, shared: bool = False) -> None:
    """Remove the permissions of other accounts. A shared folder keeps those of its group."""
    mode = stat.S_IMODE(path.stat().st_mode)
    closed = mode & ~(0o007 if shared else 0o077)
    if closed != mode:
        path.chmod(closed)


def _is_ours(path: Path) -> bool:
    return os.getuid() in (0, path.stat().st_uid)


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Create the private folder and lock it during the block.

    Raise ``AlreadyRunning`` if another process has the lock, ``OpenToOthers`` if other accounts can read the
    folder, and ``OSError`` if it is not writable.
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
