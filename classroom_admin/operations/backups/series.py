"""Keep the newest backups in a folder, for a timer that makes one each night."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from classroom_admin.common import clock
from classroom_admin.operations.backups import verification
from classroom_admin.operations.backups.manifest import Manifest
from classroom_admin.operations.backups.places import forget_unfinished, new_file
from classroom_admin.operations.backups.problem import in_words
from classroom_admin.operations.backups.writing import Writer

KEEP: Final = 7
_NAME: Final = re.compile(r"classroom-admin-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.tar")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made. `warnings` says what it leaves out, `deleted` which older ones are gone."""

    path: Path
    manifest: Manifest
    warnings: list[str]
    deleted: list[Path]


def name_at(moment: datetime) -> str:
    """Return the name of a backup. The names sort by time."""
    return f"classroom-admin-{moment.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}.tar"


def add(folder: Path, *, keep: int, with_keys: bool) -> Made:
    """Make a backup in the folder, verify it, and then delete the oldest ones beyond `keep`.

    If the new backup can't be made or is not good, nothing is deleted. Only files with the names of such
    backups are ever deleted.
    """
    with in_words(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
    forget_unfinished(folder)
    path = folder / name_at(clock.now())
    with new_file(path, force=False) as (file, part):
        writer = Writer(file)
        writer.write(place=folder, with_keys=with_keys)
        file.flush()
        made = verification.verify(part)
    with in_words(folder):
        # A clock that was set back must not make the new backup the oldest one.
        older = sorted(one for one in folder.iterdir() if _NAME.fullmatch(one.name) and one != path)
        deleted = older[: max(0, len(older) - (keep - 1))]
        for old in deleted:
            old.unlink()
    return Made(path, made, writer.warnings, deleted)
