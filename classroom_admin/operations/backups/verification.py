"""Verify a backup: every member against the manifest, and the copy of the database with its own program."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from classroom_admin.operations.backups import databases, manifest
from classroom_admin.operations.backups.manifest import Manifest, Member
from classroom_admin.operations.backups.places import BLOCK, workspace
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.operations.backups.writing import Hashing

_LONGEST_MANIFEST: Final = 256 << 20


@dataclass(slots=True)
class Reader:
    """A backup that is read from its beginning to its end."""

    path: Path
    found: dict[str, Member] = field(default_factory=dict)
    manifest: Manifest | None = None

    def members(self) -> Iterator[tuple[str, Hashing]]:
        """Return the name and the content of each member except the manifest. Read each one completely.

        Use it inside `reading`. Raise ``BackupProblem`` if the tar contains anything that this program would
        not write: links, folders, other names, or a name twice.
        """
        with self.path.open("rb") as file, tarfile.open(fileobj=file, mode="r|", bufsize=BLOCK) as tar:
            while (info := tar.next()) is not None:
                name = info.name
                if (
                    not info.isreg()
                    or info.issparse()
                    or (name != manifest.NAME and not manifest.is_safe(name))
                ):
                    raise BackupProblem(f"{self.path} contains {name!r}, which a backup does not contain.")
                if name in self.found or self.manifest is not None:
                    raise BackupProblem(f"{self.path} contains more after its manifest, or {name!r} twice.")
                content = tar.extractfile(info)
                assert content is not None  # it is a regular file
                if name == manifest.NAME:
                    self.manifest = manifest.parse(self._whole(content, info.size))
                else:
                    hashed = Hashing(content)
                    yield name, hashed
                    self._require_complete(name, hashed, info.size)
                    self.found[name] = Member(name=name, bytes=hashed.bytes, sha256=hashed.hexdigest())
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep all of them in memory

    def compared(self) -> Manifest:
        """Return the manifest. Raise ``BackupProblem`` if a member is missing, added or different."""
        if self.manifest is None:
            raise BackupProblem(
                f"{self.path} has no {manifest.NAME}: it is no backup, or its end is missing."
            )
        expected = {one.name: one for one in self.manifest.members}
        for name, member in expected.items():
            if name not in self.found:
                raise BackupProblem(f"{self.path} is incomplete: {name} is missing.")
            if self.found[name] != member:
                raise BackupProblem(f"{self.path} is damaged: {name} is not what its manifest says.")
        if extra := sorted(self.found.keys() - expected.keys()):
            raise BackupProblem(f"{self.path} contains {extra[0]!r}, which its manifest does not name.")
        if manifest.DATABASES[self.manifest.database] not in expected:
            raise BackupProblem(f"{self.path} is incomplete: it has no database.")
        return self.manifest

    def _whole(self, file: IO[bytes], size: int) -> bytes:
        if size > _LONGEST_MANIFEST:
            raise BackupProblem(f"The {manifest.NAME} of {self.path} is too large.")
        content = file.read()
        if len(content) < size:
            raise BackupProblem(f"{self.path} is incomplete: its end is missing.")
        return content

    def _require_complete(self, name: str, hashed: Hashing, size: int) -> None:
        while hashed.read(BLOCK):
            continue
        if hashed.bytes < size:
            raise BackupProblem(f"{self.path} is incomplete: it ends in the middle of {name}.")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the errors of reading a backup into a ``BackupProblem``."""
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BackupProblem(f"{path} is no backup, or it is damaged: {error}.") from error
    except OSError as error:
        raise BackupProblem(f"{path} can't be read: {error.strerror or error}.") from error


def save(content: Hashing, path: Path) -> None:
    """Write the content of a member to a new file that only this account can read."""
    with in_words(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while block := content.read(BLOCK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())


def verify(path: Path, *, place: Path | None = None) -> Manifest:
    """Verify a backup and return its manifest. Raise ``BackupProblem`` if anything is wrong.

    The copy of the database is written to a temporary folder in `place`, or in the folder of the backup.
    """
    with workspace(place or path.absolute().parent) as folder:
        found = unpacked(path, folder / "copy")
        databases.of_kind(found.database).check(folder / "copy", found)
        return found


def unpacked(path: Path, copy: Path) -> Manifest:
    """Write the copy of the database to `copy`, compare everything with the manifest, and return it."""
    reader = Reader(path)
    with reading(path):
        for name, content in reader.members():
            if name in manifest.DATABASES.values():
                if copy.exists():
                    raise BackupProblem(f"{path} contains two databases.")
                save(content, copy)
    return reader.compared()
