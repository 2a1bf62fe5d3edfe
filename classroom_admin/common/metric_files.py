"""The files in which the processes of a machine keep their metrics.

This is the multiprocess mode of prometheus-client.

Each process has a random name and writes files with this name. It locks a file `NAME.lock` as long as it
lives, because a process id says little: ids are used again, and containers that share the folder have the
same ids. The counts of dead processes are added to the files of `past`, so that sums never decrease.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

ADDED: Final = ("counter", "histogram")
"""The types whose values remain when their process dies."""
BYTES: Final = {"counter": 1 << 17, "histogram": 1 << 20, "gauge_livesum": 1 << 16}
"""The size of a process's files by type. The space is written, because a write to a mapped file kills the
process (SIGBUS) if the disk is full.
"""
PAST: Final = "past"


class MetricFiles:
    """The folder with the files of all processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid = 0
        self._name = ""

    def begin(self) -> None:
        """Let the metrics that this process creates from now on write to files of its own.

        Raise OSError if the files can't be created, for example because the disk is full.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._name_of_process()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.folder)  # prometheus-client reads it
        values.ValueClass = values.MultiProcessValue(process_identifier=self._name_of_process)

    def _name_of_process(self) -> str:
        """Return the name of this process. A fork gets a new one."""
        if self._pid != os.getpid():
            name = secrets.token_hex(8)
            self._reserve(name)
            self._lock(name)
            self._pid, self._name = os.getpid(), name
        return self._name

    def _reserve(self, name: str) -> None:
        for kind, size in BYTES.items():
            path = self.folder / f"{kind}_{name}.db"
            try:
                path.write_bytes(bytes(size))
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def _lock(self, name: str) -> None:
        """Lock the file of this process until it dies. It gets its name only when it is locked."""
        new = self.folder / f"{name}.new"
        # Nothing closes it: the kernel does, when the process ends.
        fcntl.flock(os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX)
        new.rename(self.folder / f"{name}.lock")

    @contextmanager
    def collected(self) -> Iterator[MultiProcessCollector]:
        """Yield the metrics of all processes, living and dead. Meanwhile, no other process changes `past`."""
        with self._alone():
            for name in self._dead():
                self._add_to_past(name)
            yield MultiProcessCollector(None, str(self.folder))

    def clean(self) -> None:
        """Delete the files of dead processes, and their counts."""
        if self.folder.is_dir():
            with self._alone():
                for name in (PAST, *self._dead()):
                    self._delete(name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.folder / "folder.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _dead(self) -> Iterator[str]:
        """Yield the names of the processes that have died."""
        for path in self.folder.glob("*.lock"):
            if path.stem == "folder":
                continue
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                with suppress(BlockingIOError):  # the process lives
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield path.stem
            finally:
                os.close(file)

    def _add_to_past(self, name: str) -> None:
        for kind in ADDED:
            path = self.folder / f"{kind}_{name}.db"
            if not path.exists():
                continue
            past = MmapedDict(str(self.folder / f"{kind}_{PAST}.db"))
            for key, value, _timestamp, _position in MmapedDict.read_all_values_from_file(str(path)):
                past.write_value(key, past.read_value(key)[0] + value, 0.0)
            past.close()
        self._delete(name)

    def _delete(self, name: str) -> None:
        for path in self.folder.glob(f"*_{name}.db"):
            path.unlink()
        (self.folder / f"{name}.lock").unlink(missing_ok=True)
