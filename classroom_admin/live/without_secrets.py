"""The cloud's JSON as a page may show it: without tokens, keys of streams and signed addresses. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from classroom_admin.actions.on_record import HIDDEN, shown_address
from classroom_admin.agora.errors import tokens_hidden
from classroom_admin.audit.record import SECRET_WORDS

STREAMING: Final = ("streamingurl", "rtmp", "hls", "flv")
"""Their addresses hold the key to the stream itself."""
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"<>\\]+", re.IGNORECASE)
_OUR_FILE: Final = re.compile(r"(/files/)[^/\s\"]+\.[^/\s\"]+(?=/)")
_WORDS: Final = "|".join((*SECRET_WORDS, *STREAMING))
_NAMED: Final = re.compile(
    rf"""(\\*"[^"\\]*(?:{_WORDS})[^"\\]*\\*"\s*:\s*\\*")(?:[^"\\]|\\/)*""", re.IGNORECASE
)
_QUERY: Final = re.compile(r"(://[^\s\"\\?#]*)[?#][^\s\"\\]*")


def without_secrets(value: Any) -> Any:
    """A JSON value with ``[hidden]`` for what is secret by its name, at every depth, and with web addresses
    without their query.
    """
    return _shown(value, secret=False)


def text_without_secrets(text: str) -> str:
    """The same for a text that may be JSON, or a part of it."""
    try:
        value = json.loads(text)
        shown = without_secrets(value)
    except (ValueError, RecursionError):
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        return _OUR_FILE.sub(r"\1…", _QUERY.sub(r"\1?…", tokens_hidden(text)))
    return text if shown == value else json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def pretty(raw: str) -> str:
    """Return JSON indented, without secrets; as it came where it can't be read."""
    try:
        return json.dumps(without_secrets(json.loads(raw)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text_without_secrets(raw)


def is_secret(name: str) -> bool:
    """Whether a name (``a.b.c`` too) says that what it names is a secret."""
    low = name.lower()
    return any(word in low for word in SECRET_WORDS) or not set(STREAMING).isdisjoint(low.split("."))


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
    if text[:1] in "{[":  # data that came as JSON within JSON
        return text_without_secrets(text)
    if _ADDRESS.fullmatch(text):
        text = _OUR_FILE.sub(r"\1…", shown_address(text))
    return tokens_hidden(text)
