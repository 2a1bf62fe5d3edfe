"""Hide secrets: tokens in texts, the values of fields with secret names, and keys in web addresses."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

HIDDEN: Final = "[hidden]"
SECRET_WORDS: Final = ("password", "passwd", "token", "certificate", "secret", "authorization", "cookie")
STREAMING: Final = ("streamingurl", "rtmp", "hls", "flv")
"""The names of fields that contain stream addresses, which include the key of the stream."""
_TOKEN: Final = re.compile(r"\b00[67][A-Za-z0-9+/=]{24,}|(?i:(token=)\S+)")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"<>\\]+", re.IGNORECASE)
_OUR_FILE: Final = re.compile(r"(/files/)[^/\s\"]+\.[^/\s\"]+(?=/)")
_WORDS: Final = "|".join((*SECRET_WORDS, *STREAMING))
_NAMED: Final = re.compile(
    rf"""(\\*"[^"\\]*(?:{_WORDS})[^"\\]*\\*"\s*:\s*\\*")(?:[^"\\]|\\/)*""", re.IGNORECASE
)
_QUERY: Final = re.compile(r"(://[^\s\"\\?#]*)[?#][^\s\"\\]*")


def without_tokens(text: str) -> str:
    """Replace everything that looks like an Agora token with `[hidden]`."""
    return _TOKEN.sub(lambda found: f"{found.group(1) or ''}{HIDDEN}", text)


def names_secret(name: object) -> bool:
    """Return whether a name contains a word for a secret, such as `password`."""
    low = str(name).lower()
    return any(word in low for word in SECRET_WORDS)


def pretty(raw: str) -> str:
    """Indent a JSON string and hide its secrets. If it can't be parsed, only hide the secrets."""
    try:
        return json.dumps(without_secrets(json.loads(raw)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text_without_secrets(raw)


def is_secret(name: str) -> bool:
    """Return whether to hide the value of a field. `name` may be a path such as `a.b.c`."""
    return names_secret(name) or not set(STREAMING).isdisjoint(name.lower().split("."))


def secret_name_in(value: object) -> str | None:
    """Return the first key in `value`, at any depth, that names a secret. Return None if there is none."""
    if isinstance(value, Mapping):
        named = next((str(name) for name in value if names_secret(name)), None)
        return named or next((found for one in value.values() if (found := secret_name_in(one))), None)
    if isinstance(value, list | tuple):
        return next((found for one in value if (found := secret_name_in(one))), None)
    return None


def without_secrets(value: Any) -> Any:
    """Replace secrets in a JSON value with `[hidden]`. Remove the query of web addresses."""
    return _shown(value, secret=False)


def text_without_secrets(text: str) -> str:
    """Hide the secrets in a string. It may be JSON or a fragment of JSON."""
    try:
        value = json.loads(text)
        shown = without_secrets(value)
    except (ValueError, RecursionError):
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        return _OUR_FILE.sub(r"\1…", _QUERY.sub(r"\1?…", without_tokens(text)))
    return text if shown == value else json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def shown_address(url: str) -> str:
    """Return a web address without its query, fragment, user name and password. These often contain keys."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query or parts.fragment else "")


def shown_web_config(config: Any) -> dict[str, Any]:
    """Return a web recording's settings with shortened addresses, or {} if `config` is not a mapping."""
    if not isinstance(config, Mapping):
        return {}
    return {
        name: shown_address(value) if name in ("url", "rootUrl") and isinstance(value, str) else value
        for name, value in config.items()
    }


def shown_properties(properties: Any) -> list[dict[str, Any]]:
    """Convert properties to a list of objects `{"name", "value"}` for the audit log. Hide secrets.

    The audit log does not accept the name of a secret as a key.
    """
    if not isinstance(properties, Mapping):
        return []
    return [{"name": name, "value": _property(str(name), value)} for name, value in properties.items()]


def _property(name: str, value: Any) -> Any:
    if names_secret(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return [{"name": inner, "value": _property(str(inner), item)} for inner, item in value.items()]
    if isinstance(value, list | tuple):
        return [_property("", item) for item in value]
    return shortened(without_tokens(value)) if isinstance(value, str) else value


def shortened(text: str, most: int = 500) -> str:
    """Cut a string that is longer than `most` characters, and end it with "…"."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(value: Any, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return {name: _shown(one, secret=secret or is_secret(str(name))) for name, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, secret=secret) for one in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    if secret:
        return HIDDEN
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    if text[:1] in "{[":  # a JSON string may contain JSON
        return text_without_secrets(text)
    if _ADDRESS.fullmatch(text):
        text = _OUR_FILE.sub(r"\1…", shown_address(text))
    return without_tokens(text)
