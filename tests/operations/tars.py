"""Make and change backups in tests."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.operations.databases import Tables

Members = dict[str, bytes]
UPLOAD = "2026/11/a file.pdf"
"""The place of the uploaded file in the backup of the tests."""


@dataclass(frozen=True, slots=True)
class Original:
    """A backup, and all rows of the database at that moment."""

    path: Path
    tables: Tables


def members(path: Path) -> Members:
    """Return the content of each member of a tar."""
    with tarfile.open(path) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]


def manifest_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members(path)["manifest.json"])
    return found


def write(
    path: Path, content: Members, *, add: Callable[[tarfile.TarFile], None] = lambda _tar: None
) -> Path:
    """Write a tar. `add` may add members of any kind."""
    with tarfile.open(path, "w") as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        add(tar)
    return path


def described(content: Members, **changes: Any) -> Members:
    """Return the members with a manifest that describes them, as an attacker would write it."""
    manifest = json.loads(content["manifest.json"]) | changes
    manifest["members"] = [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content.items()
        if name != "manifest.json"
    ]
    rest = {name: data for name, data in content.items() if name != "manifest.json"}
    return rest | {"manifest.json": json.dumps(manifest).encode()}
