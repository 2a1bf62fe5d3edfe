"""The data folder, and who runs on it: one installation at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor runs on this data folder; the text says which process."""


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Make the folder (private) and hold it while the block runs; the kernel lets go however we end.

    Raises ``AlreadyRunning``, and ``OSError`` where the folder can't be made or written.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "running.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise AlreadyRunning(
                f"Already running as process {holder} on {data_dir}. "
                "End that one, or choose another folder with DATA_DIR=/path."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
