"""Server-sent events as bytes. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

CHANGES: Final = "changes"
POLLED: Final = "polled"
HELLO: Final = "hello"
END: Final = "end"
# no-transform: nobody on the way may compress, and so collect; X-Accel-Buffering: nginx hands all on at once
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def message(event: str, data: str, *, version: str = "") -> bytes:
    """One event with `data` of any number of lines. `version` becomes its id; "" leaves the last one."""
    head = f"id: {_one_line(version)}\n" if version else ""
    # the three line ends of the format: one left inside would break the event apart
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "".join(f"data: {line}\n" for line in lines)
    return f"{head}event: {event}\n{body}\n".encode()


def facts(event: str, **values: Any) -> bytes:
    """One event that carries a JSON object."""
    return message(event, json.dumps(values, separators=(",", ":")))


def end(reason: str) -> bytes:
    """The last event of a stream: the browser is not to come back by itself. `reason`: "signed out" or
    "not yours".
    """
    return message(END, reason)


def _one_line(text: str) -> str:
    return "".join(text.split())
