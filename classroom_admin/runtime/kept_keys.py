"""Create keys at the first start, and keep them in files that only the owner of the process may read."""

import secrets
from pathlib import Path


def kept_key(path: Path) -> str:
    """Return the key in this file. Create the file with a random key if it does not exist.

    Raise OSError or UnicodeDecodeError if the file can't be written or read, and ValueError if it is empty.
    """
    if not path.exists():
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        try:
            # Fails if another process already created the key; then use that key.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_text().strip()
    if not key:
        raise ValueError(f"{path} is empty")
    return key
