"""What is too big is refused before Django writes it to disk."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from classroom_admin.web.size_limit import SizeLimit


def ask(
    pieces: list[bytes], *, method: str = "POST", announced: bytes | None = None, path: str = "/"
) -> tuple[int, int]:
    """The status of the answer, and how many bytes the application behind the limit read. 100 are allowed."""
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


def test_what_fits_is_let_through():
    assert ask([b"x" * 60, b"x" * 40], announced=b"100") == (200, 100)
    assert ask([b"x" * 100]) == (200, 100)


def test_what_says_that_it_is_too_big_is_not_read():
    assert ask([b"x" * 101], announced=b"101") == (413, 0)


def test_what_does_not_say_is_counted():
    assert ask([b"x" * 60, b"x" * 41]) == (413, 60)


@pytest.mark.parametrize("announced", [b"-5", b"many", b""])
def test_an_odd_length_is_counted(announced: bytes):
    assert ask([b"x" * 101], announced=announced) == (413, 0)


def test_questions_have_no_limit_of_ours():
    assert ask([b"x" * 500], method="GET", announced=b"500") == (200, 500)


def test_programs_are_answered_in_json():
    status, read, answer = asked([b"x" * 101], method="POST", announced=b"101", path="/api/notifications/")
    assert (status, read) == (413, 0)
    assert answer["headers"][b"content-type"] == b"application/json"
    assert "100 bytes at most" in json.loads(answer["body"])["error"]


def test_an_endless_number_is_a_length_too():
    assert ask([b"x"], announced=b"9" * 5000) == (413, 0)
