"""Reading answers: bytes in, envelope or events out, nothing guessed and nothing dropped. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import from_json

from classroom_admin.agora.errors import UnreadableAnswer, error_for
from classroom_admin.agora.models import Envelope, read_int, read_text
from classroom_admin.agora.odd_json import read_slowly

# Written escapes that no database text can hold: lone surrogates and NUL. Cheap to look for before walking
# the tree.
_AWKWARD_ESCAPE: Final = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_LONGEST_RAW: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came: ``body`` (bytes, gzip undone), the time of its receipt (our clock, ms), and how
    long the exchange took.
    """

    body: bytes
    http_status: int
    received_at_ms: int
    request_id: str | None
    path: str
    took_ms: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAnswer:
    """What an answer with events holds. ``unreadable``: (reason, the item as it came) for items that are no
    JSON objects.
    """

    ts_ms: int | None
    code: int
    events: list[dict[str, Any]]
    next_id: str | None = None
    total: int | None = None
    count: int | None = None
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def read_json(body: bytes) -> Any:
    """Parse JSON. NaN and infinities become None; wrong UTF-8, NUL and halves of characters become U+FFFD;
    an over-long integer, and what is nested deeper than anything has a use for, become their own text.

    Raises ``UnreadableAnswer`` (with the body) when it is no JSON.
    """
    try:
        parsed = from_json(body, allow_inf_nan=False, cache_strings="keys")
        return _storable(parsed) if _AWKWARD_ESCAPE.search(body) else parsed
    except ValueError:
        pass  # something odd is in it: found out slowly
    try:
        return _storable(read_slowly(body.decode("utf-8-sig", errors="replace")))
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        problem = f"The answer is no JSON: {type(error).__name__}{where}."
    raise UnreadableAnswer(problem, body=body)


def read_envelope(
    body: bytes,
    *,
    http_status: int = 200,
    request_id: str | None = None,
    retry_after_s: float | None = None,
) -> Envelope:
    """Read the envelope; raise ``UnreadableAnswer`` where there is none, the matching ``CloudError`` for code
    ≠ 0.
    """
    parsed = read_json(body)
    code = read_int(parsed.get("code")) if isinstance(parsed, dict) else None
    if code is None:
        raise UnreadableAnswer(
            "The answer has no envelope: code is missing.",
            body=body,
            http_status=http_status,
            request_id=request_id,
        )
    envelope = Envelope.model_validate({**parsed, "code": code})
    if code != 0:
        raise error_for(
            http_status=http_status,
            code=code,
            message=envelope.msg or "",
            request_id=request_id or read_text(parsed.get("requestId")),
            retry_after_s=retry_after_s,
        )
    return envelope


def read_events_answer(body: bytes) -> EventsAnswer:
    """Read an answer of the polling stream or of a sequences call.

    ``data`` may be a list of events, or an object with them under ``list`` or ``sequences`` beside nextId,
    total and count, or missing. Raises ``UnreadableAnswer`` when the body is no JSON, has no envelope or
    holds no such list, and the matching ``CloudError`` for a code other than 0.
    """
    envelope = read_envelope(body)
    data = envelope.data
    around = data if isinstance(data, dict) else (envelope.model_extra or {})
    items = data
    if isinstance(data, dict):
        items = next((data[name] for name in ("list", "sequences") if name in data), None)
        if items is None and data and not {"nextId", "total", "count"} & data.keys():
            # A single event instead of a list of one: the seed prints the fields of an event right under
            # data.
            items = [data] if "cmd" in data else data
    if items is None:
        items = []
    if not isinstance(items, list):
        raise UnreadableAnswer("The answer holds no list of events.", body=body, http_status=200)
    events = [item for item in items if isinstance(item, dict)]
    unreadable = [_as_it_came(item) for item in items if not isinstance(item, dict)]
    return EventsAnswer(
        ts_ms=envelope.ts,
        code=envelope.code,
        events=events,
        next_id=read_next_id(around.get("nextId")),
        total=read_int(around.get("total")),
        count=read_int(around.get("count")),
        unreadable=unreadable,
    )


def read_next_id(value: object) -> str | None:
    """Read a nextId: a number or a text; null, "", "null" and anything odd mean that nothing follows."""
    read = read_text(value)
    return None if read is None or read.strip() in ("", "null") else read


def _as_it_came(item: Any) -> tuple[str, str]:
    """(reason, text) of an item that is no object; one that is no JSON was handed on as its text."""
    if isinstance(item, str) and item.startswith("{"):
        return "no JSON", item[:_LONGEST_RAW]
    return f"not an object but {type(item).__name__}", json.dumps(item)[:_LONGEST_RAW]


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
