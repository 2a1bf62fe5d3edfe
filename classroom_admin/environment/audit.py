"""The environment variables of the audit log."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from classroom_admin.environment.fields import Section, variable


def syslog(text: str) -> str:
    """Return the address of a syslog server: udp://host:514, tcp://host:601, or the path of a unix socket.

    Raise ValueError for any other text.
    """
    if not text or text.startswith("/"):
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("udp", "tcp") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("it must be like udp://host:514, tcp://host:601 or /dev/log")
    return f"{parts.scheme}://{parts.netloc}" if parts.port else f"{parts.scheme}://{parts.netloc}:514"


def keys(text: str) -> tuple[str, ...]:
    """Return the keys that are separated by commas. Raise ValueError if one has fewer than 32 characters."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if any(len(key) < 32 for key in found):
        raise ValueError("each key must have at least 32 characters")
    return found


class Audit(Section):
    title = "The audit log"
    intro = "See [the audit log](audit-log.md)."

    AUDIT_KEY: Annotated[tuple[str, ...], BeforeValidator(keys)] = variable(
        "The key that signs the audit log, of at least 32 characters, and after a comma older keys that are "
        "still needed to verify it; the same on every machine",
        (),
        shown="derived from `SECRET_KEY` if that is set, else created once and kept in `DATA_DIR`",
        secret="literal",
    )
    AUDIT_SYSLOG: Annotated[str, BeforeValidator(syslog)] = variable(
        "Where to copy the audit log: `udp://host:514`, `tcp://host:601` or the path of a unix socket; "
        "empty: nowhere"
    )
