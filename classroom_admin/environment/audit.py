"""The environment variables of the audit log: parsers of their values."""

from urllib.parse import urlsplit


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
