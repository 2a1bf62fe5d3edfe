"""Too large requests are refused before Django writes them to disk."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from classroom_admin.common.size_limit import SizeLimit


def ask(
    pieces: list[bytes], *, method: str = "POST", announced: bytes | None = None, path: str = "/"
) -> tuple[int, int]:
    """Return the status and how many bytes the inner application read, with a limit of 100."""
    status, read, _answer = asked(pieces, method=method, announced=announced, path=path)
    return status, read


def asked(
    pieces: list[bytes], *, method: str, announced: bytes | None, path: str
) -> tuple[int, int, dict[str, Any]]:
    read: list[bytes] = []
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting[-1]["more_body"] = False

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            read.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [] if announced is None else [(b"content-length", announced)]
    scope = {"type": "http", "method": method, "headers": headers, "path": path}

    async def hundred(_scope: Any) -> int:
        return 100

    asyncio.run(SizeLimit(inner, most_bytes=hundred)(scope, receive, send))
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1
    answer = {"headers": dict(starts[0]["headers"]), "body": b"".join(one.get("body", b"") for one in sent)}
    return starts[0]["status"], sum(map(len, read)), answer


def test_small_body_passes():
    assert ask([b"x" * 60, b"x" * 40], announced=b"100") == (200, 100)
    assert ask([b"x" * 100]) == (200, 100)


def test_announced_large_body_is_refused_unread():
    assert ask([b"x" * 101], announced=b"101") == (413, 0)


def test_body_without_length_is_counted():
    assert ask([b"x" * 60, b"x" * 41]) == (413, 60)


@pytest.mark.parametrize("announced", [b"-5", b"many", b""])
def test_body_with_invalid_length_is_counted(announced: bytes):
    assert ask([b"x" * 101], announced=announced) == (413, 0)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("announced", [b"1", b"500", b"many", None])
def test_get_and_head_requests_with_a_body_are_refused_unread(method: str, announced: bytes | None):
    status, read, answer = asked([b"x" * 500], method=method, announced=announced, path="/")
    assert (status, read) == (400, 0)
    assert answer["body"].decode() == f"A {method} request can't have a body. Send it without one."


@pytest.mark.parametrize("announced", [None, b"", b"0", b"00"])
def test_get_requests_without_a_body_pass(announced: bytes | None):
    assert ask([b""], method="GET", announced=announced) == (200, 0)


def test_api_gets_errors_as_json():
    status, read, answer = asked([b"x" * 101], method="POST", announced=b"101", path="/api/notifications/")
    assert (status, read) == (413, 0)
    assert answer["headers"][b"content-type"] == b"application/json"
    assert "at most 100 bytes" in json.loads(answer["body"])["error"]


def test_rest_api_gets_errors_as_problems():
    status, _read, answer = asked([b"x" * 101], method="POST", announced=b"101", path="/api/v1/classes")
    assert status == 413
    assert answer["headers"][b"content-type"] == b"application/problem+json"
    problem = json.loads(answer["body"])
    assert (problem["status"], problem["code"]) == (413, "too_large")


def test_very_long_length_is_refused():
    assert ask([b"x"], announced=b"9" * 5000) == (413, 0)
