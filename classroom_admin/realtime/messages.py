"""Server-sent events as bytes. Pure."""

import json
from typing import Any, Final

CHANGES: Final = "changes"
POLLED: Final = "polled"
HELLO: Final = "hello"
END: Final = "end"
# no-transform: a proxy must not compress, because it would buffer. X-Accel-Buffering: nginx must not buffer.
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def message(event: str, data: str, *, version: str = "") -> bytes:
    """Return an event with `data` (one or more lines) and `version` as its id; with no id if that is ""."""
    head = f"id: {''.join(version.split())}\n" if version else ""
    # The format has three kinds of line ending. Any of them inside a data line would split the event.
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "".join(f"data: {line}\n" for line in lines)
    return f"{head}event: {event}\n{body}\n".encode()


def json_message(event: str, **values: Any) -> bytes:
    """Return an event with the values as a JSON object."""
    return message(event, json.dumps(values, separators=(",", ":")))


def end(reason: str) -> bytes:
    """Return the last event of a stream: the browser must not reconnect. `reason`: a constant of `rights`."""
    return message(END, reason)
