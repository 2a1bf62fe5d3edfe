"""Parse the cloud's responses into envelopes and events, without guessing or dropping data."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from classroom_admin.agora.errors import UnreadableAnswer, error_for
from classroom_admin.agora.models import Envelope, read_int, read_text
from classroom_admin.common import json_reading
from classroom_admin.common.problems import Problem

_LONGEST_RAW: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """A response before parsing. `body` is decompressed. `received_at_ms` is in our time."""

    body: bytes
    http_status: int
    received_at_ms: int
    request_id: str | None
    path: str
    took_ms: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAnswer:
    """The events in a response.

    `unreadable` has a tuple (reason, raw text) for each item that is no object.
    """

    ts_ms: int | None
    code: int
    events: list[dict[str, Any]]
    next_id: str | None = None
    total: int | None = None
    count: int | None = None
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def read_json(body: bytes) -> Any:
    """Parse JSON with `common.json_reading`. Raise `UnreadableAnswer` with the body if it is not JSON."""
    try:
        return json_reading.read_json(body)
    except ValueError as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        problem = Problem("answer_not_json", {"error": f"{type(error).__name__}{where}"})
    raise UnreadableAnswer(problem=problem, body=body)


def read_envelope(
    body: bytes,
    *,
    http_status: int = 200,
    request_id: str | None = None,
    retry_after_s: float | None = None,
) -> Envelope:
    """Parse the envelope of a response.

    Raise `UnreadableAnswer` if there is no envelope. If its code is not 0, raise the matching `CloudError`.
    """
    parsed = read_json(body)
    code = read_int(parsed.get("code")) if isinstance(parsed, dict) else None
    if code is None:
        raise UnreadableAnswer(
            problem=Problem("no_envelope"),
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
    """Parse a response of the polling stream or of a sequences call.

    `data` may be missing, a list of events, or an object with the list under `list` or `sequences`. Raise
    `UnreadableAnswer` if the body is not JSON, has no envelope or has no list of events. Raise the matching
    `CloudError` if the code is not 0.
    """
    envelope = read_envelope(body)
    data = envelope.data
    around = data if isinstance(data, dict) else (envelope.model_extra or {})
    items = data
    if isinstance(data, dict):
        items = next((data[name] for name in ("list", "sequences") if name in data), None)
        if items is None and data and not {"nextId", "total", "count"} & data.keys():
            # Accept a single event: the documentation shows the fields of an event directly under `data`.
            items = [data] if "cmd" in data else data
    if items is None:
        items = []
    if not isinstance(items, list):
        raise UnreadableAnswer(problem=Problem("no_list_of_events"), body=body, http_status=200)
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
    """Return a nextId as text, or None if there is no next page."""
    read = read_text(value)
    return None if read is None or read.strip() in ("", "null") else read


def _as_it_came(item: Any) -> tuple[str, str]:
    """Return a tuple (reason, raw text) for an item that is not a JSON object."""
    if isinstance(item, str) and item.startswith("{"):
        return "no JSON", item[:_LONGEST_RAW]
    return f"not an object but {type(item).__name__}", json.dumps(item)[:_LONGEST_RAW]
