"""Read answers: bytes to envelopes and events. Nothing is guessed and nothing is dropped. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from classroom_admin.agora.codes import Code
from classroom_admin.agora.errors import UnreadableAnswer, error_for
from classroom_admin.agora.models import Envelope, read_int, read_text
from classroom_admin.common import json_reading
from classroom_admin.common.problems import Problem

_LONGEST_RAW: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came: `body` (bytes, gzip undone), the time of its receipt (our clock, ms), and how
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
    """What an answer with events holds. `unreadable`: (reason, the item as it came) for items that are no
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
    """Parse JSON as `core.json_reading` does.

    Raise `UnreadableAnswer` (with the body) when it is not JSON.
    """
    try:
        return json_reading.read_json(body)
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        problem = Problem(Code.ANSWER_NOT_JSON, {"error": f"{type(error).__name__}{where}"})
    raise UnreadableAnswer(problem=problem, body=body)


def read_envelope(
    body: bytes,
    *,
    http_status: int = 200,
    request_id: str | None = None,
    retry_after_s: float | None = None,
) -> Envelope:
    """Read the envelope; raise `UnreadableAnswer` where there is none, the matching `CloudError` for code
    ≠ 0.
    """
    parsed = read_json(body)
    code = read_int(parsed.get("code")) if isinstance(parsed, dict) else None
    if code is None:
        raise UnreadableAnswer(
            problem=Problem(Code.NO_ENVELOPE),
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

    `data` may be a list of events, or an object with them under `list` or `sequences` beside nextId,
    total and count, or missing. Raises `UnreadableAnswer` when the body is no JSON, has no envelope or
    holds no such list, and the matching `CloudError` for a code other than 0.
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
        raise UnreadableAnswer(problem=Problem(Code.NO_LIST_OF_EVENTS), body=body, http_status=200)
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
