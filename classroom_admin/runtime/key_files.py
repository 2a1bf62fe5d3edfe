"""Keep keys in files of the data folder. The first line is the key in use, further lines are older keys."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SECRET_KEY: Final = "secret_key"
ADDRESS_KEY: Final = "address_key"
AUDIT_KEY: Final = "audit_key"
_made_here: list[Path] = []


class UnusableKeyFile(Exception):
    """Raised if a key file can't be read or written. The message says why and what to do."""


def new_key() -> str:
    """Return a random key with 512 bits of entropy."""
    return secrets.token_urlsafe(64)


def read(path: Path) -> list[str]:
    """Return the keys in the file, the one in use first. Raise ``UnusableKeyFile`` if there is none."""
    try:
        keys = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableKeyFile(f"{path} can't be read: {error}.") from error
    if not keys:
        raise UnusableKeyFile(f"{path} is empty: restore it from a backup, or delete it to get a new key.")
    return keys


def read_or_create(path: Path, *, older: Sequence[str] = ()) -> list[str]:
    """Return the keys in the file. If it does not exist, create it with a new key and the `older` keys.

    If several processes do this at once, all of them get the same keys.
    """
    if not path.exists():
        fresh = _written(path, [new_key(), *older])
        try:
            path.hardlink_to(fresh)  # fails if another process was faster; then its key is used
            _made_here.append(path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return read(path)


def made_here(folder: Path) -> list[Path]:
    """Return the files that this process created in a folder, and that exist. A restore may replace them."""
    return [path for path in _made_here if path.parent == folder and path.exists()]


def replace(path: Path, keys: Sequence[str]) -> None:
    """Replace the keys in the file. A crash leaves the old or the new keys, never a part."""
    _written(path, keys).replace(path)


def _written(path: Path, keys: Sequence[str]) -> Path:
    """Write the keys to a new file beside `path`, readable by this account only. Return its path."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{key}\n" for key in keys))
    except OSError as error:
        raise UnusableKeyFile(f"{path} can't be written: {error.strerror}.") from error
    return fresh
