"""Measure the free space of the disks that hold data, and say what must stop before a disk is full.

Two limits depend on `DISK_RESERVE_MB`: below it, uploads and exports stop, because people can do without them
for a while. Below a quarter of it, polling stops as long as the database is an SQLite file on this disk. The
cloud delivers each event only once, so events must not be fetched if they can't be stored.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.conf import settings

POLLING_SHARE: Final = 4
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""The errors of a full disk, and of an account that has used up its quota."""


def free_bytes(folders: Iterable[Path]) -> int | None:
    """Return the bytes that this account may still write to the fullest disk. Return None without folders.

    A folder that does not exist yet counts as its parent.
    """
    free = []
    for folder in folders:
        found = os.statvfs(next(p for p in (folder, *folder.parents) if p.exists()))
        free.append(found.f_bavail * found.f_frsize)
    return min(free, default=None)


def is_low() -> bool:
    """Return whether uploads and exports must stop."""
    free = free_bytes((*_database_folders(), *_file_folders()))
    return free is not None and free < settings.DISK_RESERVE_BYTES


def is_too_low_to_poll() -> bool:
    """Return whether polling must stop, because the database might soon be unable to store events."""
    free = free_bytes(_database_folders())
    return free is not None and free < settings.DISK_RESERVE_BYTES // POLLING_SHARE


def is_full(error: BaseException) -> bool:
    """Return whether an error means that a disk is full."""
    return isinstance(error, OSError) and error.errno in FULL


def _database_folders() -> list[Path]:
    """Return the folder of an SQLite database. The disk of a PostgreSQL server can't be measured here."""
    database: dict[str, Any] = settings.DATABASES["default"]
    name = str(database["NAME"])
    is_file = database["ENGINE"].endswith("sqlite3") and "memory" not in name
    return [Path(name).parent] if is_file else []


def _file_folders() -> list[Path]:
    """Return the folders of uploaded files and exports on this machine."""
    storages: dict[str, Any] = settings.STORAGES
    options: dict[str, Any] = storages["default"].get("OPTIONS", {})
    return [settings.DATA_DIR, *([Path(options["location"])] if "location" in options else [])]
