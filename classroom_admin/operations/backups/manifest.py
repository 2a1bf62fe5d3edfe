"""The manifest of a backup: what the tar contains, and from which installation it comes."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Final, Literal

from django.conf import settings
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from classroom_admin.operations.backups.problem import BackupProblem
from classroom_admin.runtime import demo, key_files

NAME: Final = "manifest.json"
FORMAT: Final = 1
LEDGER: Final = "erasures/ledger.jsonl"
KEYS: Final = tuple(
    f"keys/{name}" for name in (key_files.SECRET_KEY, key_files.ADDRESS_KEY, key_files.AUDIT_KEY)
)
DATABASES: Final = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
"""The kinds of databases, and the name of each copy in the tar."""
_FILES: Final = "files/"
_LONGEST: Final = 4096

Kind = Literal["sqlite", "postgresql"]


def name_of_file(place: str) -> str:
    """Return the name in the tar of an uploaded file. `place` is its path in the folder of uploaded files."""
    return f"{_FILES}{place}"


def place_of_file(name: str) -> str | None:
    """Return the path of an uploaded file in its folder, or None if the member is something else."""
    return name.removeprefix(_FILES) if name.startswith(_FILES) else None


def is_safe(name: str) -> bool:
    """Return whether a member may have this name.

    Only names that this program gives are safe. No name leads out of the folder into which it is restored.
    """
    if name in (LEDGER, demo.MARKER, *KEYS, *DATABASES.values()):
        return True
    place = place_of_file(name)
    if place is None or len(name) > _LONGEST or "\\" in name or "\0" in name:
        return False
    return all(part not in ("", ".", "..") for part in place.split("/"))


def _safe(name: object) -> object:
    if not isinstance(name, str) or not is_safe(name):
        raise ValueError(f"a backup has no member {name!r}")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Member(_Part):
    """A file in the tar, beside the manifest."""

    name: Annotated[str, BeforeValidator(_safe)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Files(_Part):
    """Where the uploaded files are. Files in a bucket are not in the tar."""

    place: Literal["disk", "s3"]
    bucket: str = ""
    included: bool


class Manifest(_Part):
    """The content of `manifest.json`. Times are ISO 8601 in UTC."""

    format: int
    version: str
    made_at: str
    database: Kind
    database_version: str
    migrations: list[tuple[str, str]]
    rows: dict[str, int]
    files: Files
    keys: bool
    key_check: str
    keys_in_environment: list[str]
    members: list[Member]

    @property
    def bytes(self) -> int:
        """Return how many bytes all members have."""
        return sum(one.bytes for one in self.members)


def key_check(key: str) -> str:
    """Return a text that shows whether a secret key is the one of the backup, but not the key."""
    return hmac.new(key.encode(), b"the key of a backup", hashlib.sha256).hexdigest()[:32]


def is_key_of(manifest: Manifest, keys: list[str]) -> bool:
    """Return whether one of the secret keys is the one of the backup."""
    return any(hmac.compare_digest(key_check(key), manifest.key_check) for key in keys)


def current_key_check() -> str:
    return key_check(str(settings.SECRET_KEY))


def parse(content: bytes) -> Manifest:
    """Return a manifest. Raise ``BackupProblem`` if it is not one that this version understands."""
    try:
        found = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or NAME
        raise BackupProblem(f"Its {NAME} can't be read: {place}: {first['msg']}.") from error
    if found.format != FORMAT:
        raise BackupProblem(
            f"The backup has format {found.format}, which version {found.version} wrote. This version reads "
            f"format {FORMAT}. Use version {found.version} to restore it."
        )
    return found
