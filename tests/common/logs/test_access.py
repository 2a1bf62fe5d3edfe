"""Each request has one record when it ends: its address, the person, and the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from classroom_admin.common.logs import access, context
from classroom_admin.common.logs.access import RequestLog
from classroom_admin.common.logs.pipeline import ACCESS


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append({**context.current(), **record.__dict__})


@pytest.fixture(autouse=True)
def _on(settings: Any) -> None:
    settings.ACCESS_LOG = True


@pytest.fixture
def records() -> Iterator[list[dict[str, Any]]]:
    handler = Records()
    logging.getLogger(ACCESS).addHandler(handler)
    yield handler.found
    logging.getLogger(ACCESS).removeHandler(handler)


def scope(path: str, **other: Any) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "path": path, "query_string": b"q=Ana", "headers": [],
        "client": ("192.0.2.7", 5000), **other,
    }  # fmt: skip


async def answer(scope: Any, receive: Any, send: Any) -> None:
    context.bind(person=3)
    headers = [(b"X-Request-Id", b"of an inner part")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})
    await send({"type": "http.response.body", "body": b"678", "more_body": False})


def served(path: str, inner: Any = answer, **other: Any) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(RequestLog(inner)(scope(path, **other), receive, send))
    return sent


def test_request_has_one_record_without_query_and_address(records: list[dict[str, Any]]) -> None:
    start, *_ = served("/calendar/s3cret.ics")
    [record] = records
    shown = {name: record.get(name) for name in ("method", "path", "route", "status", "bytes", "person")}
    assert shown == {
        "method": "GET", "path": "/calendar/…", "route": "live:calendar_feed", "status": 200, "bytes": 8,
        "person": 3,
    }  # fmt: skip
    assert record["ms"] >= 0
    assert (b"x-request-id", record["request_id"].encode()) in start["headers"]
    assert len(start["headers"]) == 1
    assert not {"client", "192.0.2.7"} & {*record, *map(str, record.values())}
    assert "Ana" not in str(record)


def test_address_is_recorded_if_the_setting_says_so(records: list[dict[str, Any]], settings: Any) -> None:
    settings.ACCESS_LOG_ADDRESSES = True
    served("/", client=("::ffff:192.0.2.7", 5000))
    served("/", client=None)
    assert [record.get("client") for record in records] == ["192.0.2.7", None]


@pytest.mark.parametrize("path", sorted(access.PROBES))
def test_probes_have_no_record(records: list[dict[str, Any]], path: str) -> None:
    served(path)
    assert records == []


def test_setting_switches_the_records_off_but_not_the_ids(
    records: list[dict[str, Any]], settings: Any
) -> None:
    settings.ACCESS_LOG = False
    start, *_ = served("/")
    assert records == []
    assert [name for name, _ in start["headers"]] == [b"x-request-id"]


def test_stream_that_is_cancelled_has_its_record(records: list[dict[str, Any]]) -> None:
    began = asyncio.Event()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        context.bind(route="live:class_stream", path=scope["path"], room="abc")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data", "more_body": True})
        began.set()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        pass

    async def run() -> None:
        path = "/live/classes/abc/stream"
        task = asyncio.create_task(RequestLog(stream)(scope(path), send, send))
        await began.wait()
        assert records == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    [record] = records
    assert (record["route"], record["room"], record["bytes"]) == ("live:class_stream", "abc", 4)
    assert record["path"] == "/live/classes/abc/stream"


def test_failing_request_has_its_record_and_the_error_goes_on(records: list[dict[str, Any]]) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        served("/", fail)
    [record] = records
    assert record["status"] is None
    assert context.current() == {}


def test_end_of_the_server_writes_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(access.ending, "finish", lambda: calls.append("finish"))
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(RequestLog(answer)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert calls == ["finish"]
