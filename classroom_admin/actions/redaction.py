"""Redact the parameters of a command for the audit log: no secrets, no keys in addresses. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from classroom_admin.agora.errors import without_tokens
from classroom_admin.audit.record import SECRET_WORDS

HIDDEN: Final = "[hidden]"


def shown_address(url: str) -> str:
    """Return a web address without what often is a key: query, fragment, and user name and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query or parts.fragment else "")


def shown_web_config(config: Any) -> dict[str, Any]:
    """Return a web recording's settings with redacted addresses; {} for what is no mapping."""
    if not isinstance(config, Mapping):
        return {}
    return {
        name: shown_address(value) if name in ("url", "rootUrl") and isinstance(value, str) else value
        for name, value in config.items()
    }


def shown_properties(properties: Any) -> list[dict[str, Any]]:
    """Return properties as ``[{"name", "value"}]``; values of secrets, told by name, are hidden."""
    if not isinstance(properties, Mapping):
        return []
    return [{"name": name, "value": _shown(str(name), value)} for name, value in properties.items()]


def _shown(name: str, value: Any) -> Any:
    if any(word in name.lower() for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, Mapping):
        return [{"name": inner, "value": _shown(str(inner), item)} for inner, item in value.items()]
    if isinstance(value, list | tuple):
        return [_shown("", item) for item in value]
    return without_tokens(value) if isinstance(value, str) else value
