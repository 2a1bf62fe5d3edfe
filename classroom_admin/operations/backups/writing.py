"""Write a backup: one tar with the database, uploaded files, the list of erasures, keys and a manifest."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings

from classroom_admin.common import clock
from classroom_admin.common.version import version
from classroom_admin.environment.variables import read
from classroom_admin.operations.backups import databases, manifest
from classroom_admin.operations.backups.manifest import Files, Manifest, Member
from classroom_admin.operations.backups.places import BLOCK, folder_of_files, workspace
from classroom_admin.operations.backups.problem import BackupProblem, in_words
from classroom_admin.runtime import demo

_IN_ENVIRONMENT: Final = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "ADDRESS_KEY", "AUDIT_KEY")


class Writer:
    """A tar that is written from its beginning to its end. It hashes each member while writing it.

    `output` needs no positions, so it may be a pipe.

    `warnings` says what was left out.
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._tar = tarfile.TarFile(
            fileobj=_Counted(output), mode="w", format=tarfile.PAX_FORMAT, copybufsize=BLOCK
        )
        self._members: list[Member] = []
        self.warnings: list[str] = []

    def write(self, *, place: Path, with_keys: bool) -> Manifest:
        """Write all members and the manifest. Put the copy of the database into a folder in `place`."""
        kind = databases.current_kind()
        made_at = clock.now()
        with workspace(place) as folder:
            copy = folder / "copy"
            copy.touch(mode=0o600)
            snapshot = databases.of_kind(kind).copy(copy)
            self._add_file(manifest.DATABASES[kind], copy)
        # What is copied after the database includes everything that the database refers to: an erasure is in
        # the list before its data is gone, and an uploaded file is complete before its row exists.
        for name in (manifest.LEDGER, demo.MARKER):
            self._add_if_there(name, settings.DATA_DIR / name)
        if with_keys:
            for name in manifest.KEYS:
                self._add_if_there(name, settings.DATA_DIR / Path(name).name)
        files = self._add_uploads()
        given = read(os.environ)
        made = Manifest(
            format=manifest.FORMAT,
            version=version(),
            made_at=made_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            database=kind,
            database_version=snapshot.version,
            migrations=snapshot.migrations,
            rows=snapshot.rows,
            files=files,
            keys=with_keys,
            key_check=manifest.current_key_check(),
            keys_in_environment=[name for name in _IN_ENVIRONMENT if getattr(given, name)],
            members=self._members,
        )
        content = made.model_dump_json(indent=1).encode()
        self._tar.addfile(_info(manifest.NAME, len(content), made_at), io.BytesIO(content))
        self._tar.close()
        return made

    def _add_uploads(self) -> Files:
        folder = folder_of_files()
        if folder is None:
            return Files(place="s3", bucket=settings.FILES_S3_BUCKET, included=False)
        for path in self._files_in(folder):
            name = manifest.name_of_file(path.relative_to(folder).as_posix())
            if not manifest.is_safe(name):
                self.warnings.append(f"{path} is not in the backup, because of its name.")
                continue
            self._add_if_there(name, path)
        return Files(place="disk", included=True)

    def _files_in(self, folder: Path) -> Iterator[Path]:
        """Return the regular files in a folder and its folders, in the order of their names."""
        if not folder.is_dir():
            return
        with in_words(folder), os.scandir(folder) as found:
            entries = sorted(found, key=lambda one: one.name)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._files_in(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            else:
                self.warnings.append(f"{entry.path} is no regular file, so it is not in the backup.")

    def _add_if_there(self, name: str, path: Path) -> None:
        try:
            self._add_file(name, path)
        except FileNotFoundError:  # there is none, or it was deleted after its name was read
            return

    def _add_file(self, name: str, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BackupProblem(f"{path} is no regular file.")
            hashed = Hashing(file)
            changed = datetime.fromtimestamp(found.st_mtime, UTC)
            try:
                self._tar.addfile(_info(name, found.st_size, changed), hashed)
            except OSError as error:
                if hashed.bytes < found.st_size and error.errno is None:
                    raise BackupProblem(
                        f"{path} became shorter while it was read. Run the backup again."
                    ) from error
                raise
        self._tar.members.clear()  # type: ignore[attr-defined]  # tarfile would keep all of them in memory
        self._members.append(Member(name=name, bytes=found.st_size, sha256=hashed.hexdigest()))


class _Counted(io.RawIOBase):
    """An output that knows its position by counting, as tarfile needs it."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._written = 0

    def write(self, content: Any) -> int:
        self._output.write(content)
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        return self._written


class Hashing(io.RawIOBase):
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._hash.update(content)
        self.bytes += len(content)
        return content

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _info(name: str, size: int, changed: datetime) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(changed.timestamp())
    return info
