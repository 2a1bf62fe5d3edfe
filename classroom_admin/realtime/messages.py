"""Server-sent events as bytes. All functions are pure."""

import json
from typing import Any, Final

CHANGES: Final = "changes"
POLLED: Final = "polled"
HELLO: Final = "hello"
END: Final = "end"
# `no-transform` forbids proxies to compress, because they would buffer. `X-Accel-Buffering` is for nginx.
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def message(event: str, data: str, *, version: str = "") -> bytes:
    """Return an event with this data, which may have several lines.

    If `version` is given, it is the event's id.
    """
    head = f"id: {''.join(version.split())}\n" if version else ""
    # The format has three kinds of line ending. Each of them would split a line of data.
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "".join(f"data: {line}\n" for line in lines)
    return f"{head}event: {event}\n{body}\n".encode()


def json_message(event: str, **values: Any) -> bytes:
    """Return an event with these values as a JSON object."""
    return message(event, json.dumps(values, separators=(",", ":")))


def retry(after_ms: int) -> bytes:
    """Return the message that sets after how many milliseconds the browser connects again."""
    return f"retry: {after_ms}\n\n".encode()


def end(reason: str) -> bytes:
    """Return the last event of a stream. The page then does not reconnect.

    `reason` is a constant of `rights`.
    """
    return message(END, reason)
