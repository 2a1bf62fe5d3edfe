"""Write every record of the log in one form: one JSON object a line, or aligned text in a terminal.

All records come through Python's logging: those of this product, Django, Celery and uvicorn. `structlog`
formats them. Secrets are hidden in each value before it is written. A traceback is part of its record.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TextIO, cast

import structlog
from django.http import HttpRequest
from structlog.typing import EventDict, Processor, WrappedLogger

from classroom_admin.common import tracing
from classroom_admin.common.logs import context
from classroom_admin.common.logs.paths import shown_path
from classroom_admin.common.redaction import without_tokens
from classroom_admin.common.secret_values import hide

TEXT: Final = "text"
JSON: Final = "json"
ACCESS: Final = "classroom_admin.access"
"""The logger of the access log."""
EXTRA: Final = (
    "method", "status", "bytes", "ms", "client", "action", "step", "repeated", "seconds",
)  # fmt: skip
"""The names of fields that code may add to a record: `log.info("…", extra={"action": …})`."""
LONGEST: Final = 8_000
LONGEST_TRACEBACK: Final = 24_000
"""The most characters of a value and of a traceback. Then a line is shorter than the 64 KiB that `serve`
reads at once.
"""
_EVENT_WIDTH: Final = 40
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_NAMES: Final = (*context.FACTS, *EXTRA)


def configuration(*, level: str, as_json: bool, coloured: bool, repeat_s: float) -> dict[str, Any]:
    """Return the value of Django's setting LOGGING. For `repeat_s`, see `repeats.CountingHandler`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "records": {
                "()": "classroom_admin.common.logs.pipeline.formatter",
                "as_json": as_json,
                "coloured": coloured,
            }
        },
        "handlers": {
            "console": {
                "class": "classroom_admin.common.logs.repeats.CountingHandler",
                "formatter": "records",
                "window_s": repeat_s,
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": []},  # else Django would print each record again, with DEBUG
            "django.request": {"level": "ERROR"},
            "celery": {"level": "WARNING"},
            "weasyprint": {"propagate": False},
            "apprise": {"propagate": False},  # its records contain addresses and tokens
            ACCESS: {"level": "INFO"},  # ACCESS_LOG switches it on and off, whatever LOG_LEVEL is
        },
    }


def is_json(wanted: str | None, stream: TextIO | None) -> bool:
    """Return whether to write JSON: as LOG_FORMAT says, else if `stream` is no terminal."""
    return wanted == JSON if wanted else not _is_terminal(stream)


def is_coloured(stream: TextIO | None, *, never: bool, always: bool) -> bool:
    """Return whether to use colours: in a terminal, unless NO_COLOR or FORCE_COLOR says otherwise."""
    return not never and (always or _is_terminal(stream))


def formatter(*, as_json: bool, coloured: bool) -> logging.Formatter:
    """Return the formatter of all records."""
    last: Sequence[Processor] = (_as_json,) if as_json else (_in_one_line, _as_text(coloured))
    return structlog.stdlib.ProcessorFormatter(processors=(_fields, *last))


def message_of(record: logging.LogRecord, text: str | None = None) -> str:
    """Return the message of a record, whose finished text may be given.

    Django's messages contain the path of the request. Its secret part is hidden.
    """
    text = record.getMessage() if text is None else text
    request = record.__dict__.get("request")
    if isinstance(request, HttpRequest) and len(request.path) > 1 and request.path in text:
        return text.replace(request.path, shown_path(request.path, request.resolver_match))
    return text


def leave_to_us(*names: str) -> None:
    """Let the root logger write the records of loggers that have handlers of their own, such as uvicorn's."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _fields(_: WrappedLogger, __: str, given: EventDict) -> EventDict:
    """Return the fields of a record, without secrets."""
    record: logging.LogRecord = given["_record"]
    attributes = record.__dict__
    facts: Mapping[str, Any] = attributes["facts"] if "facts" in attributes else context.current()
    fields: dict[str, Any] = {
        "time": _time(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": message_of(record, str(given["event"])),
    }
    for name in _NAMES:
        value = attributes.get(name)
        if value is None:
            value = facts.get(name)
        if value is not None:
            fields[name] = value
    if trace_id := tracing.trace_id():
        fields["trace_id"] = trace_id
    fields = {name: _shown(value) for name, value in fields.items()}
    if given.get("exc_info"):
        structlog.processors.format_exc_info(None, "", given)
        fields["exception"] = _cut(_hidden(str(given["exception"])), LONGEST_TRACEBACK)
    if given.get("stack_info"):
        fields["stack"] = _cut(_hidden(str(given["stack_info"])), LONGEST_TRACEBACK)
    return fields


def _time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cut(_hidden(str(value)), LONGEST)


def _hidden(text: str) -> str:
    return without_tokens(hide(text))


def _cut(text: str, most: int) -> str:
    """Cut the middle of a long text: the beginning and the end say what happened."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n… {len(text) - most} characters …\n{text[-(most // 2) :]}"


def _as_json(_: WrappedLogger, __: str, fields: EventDict) -> str:
    return json.dumps(fields, ensure_ascii=False, default=str)


def _in_one_line(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    """Escape line breaks and other control characters, so that no value can look like another record.

    The lines of a traceback are indented.
    """
    fields["time"] = fields["time"][11:]  # the terminal shows what happens today
    for name, value in fields.items():
        if name in ("exception", "stack"):
            fields[name] = "\n".join("    " + _escaped(line) for line in value.split("\n"))
        elif isinstance(value, str):
            fields[name] = _escaped(value)
    return fields


def _escaped(text: str) -> str:
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def _as_text(coloured: bool) -> Processor:
    renderer = structlog.dev.ConsoleRenderer(
        colors=coloured,
        pad_event_to=_EVENT_WIDTH,
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,
        timestamp_key="time",
    )
    return cast(Processor, renderer)
