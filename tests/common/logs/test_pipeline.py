"""Every record has the same fields, is one line of JSON or aligned text, and has no secret."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import resolve

from classroom_admin.common import secret_values
from classroom_admin.common.logs import context, pipeline

CANARY = "canary/of a'secret\"&1"
URL = "redis://:pass-of-the-broker@broker.test:6379/0"


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_values, "_known", set(secret_values._known))
    monkeypatch.setattr(secret_values, "_pattern", None)
    secret_values.remember([CANARY])


def test_record_has_time_level_logger_and_message(json_log: Any) -> None:
    json_log.log.warning("lost %d of %s", 3, "five")
    [record] = json_log.records
    assert list(record)[:4] == ["time", "level", "logger", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("time"))
    assert record == {"level": "warning", "logger": "tests.json", "event": "lost 3 of five"}


def test_record_has_the_facts_of_the_work_and_of_the_call(json_log: Any) -> None:
    with context.work(request_id="r1", room="k1", person=None):
        context.bind(person=7)
        json_log.log.info("x", extra={"action": "class.end", "room": "k2", "unknown": "no"})
    json_log.log.info("y")
    first, second = json_log.records
    assert (first["request_id"], first["person"], first["room"], first["action"]) == (
        "r1",
        7,
        "k2",
        "class.end",
    )
    assert "unknown" not in first
    assert set(second) == {"time", "level", "logger", "event"}


def test_traceback_is_part_of_its_record(json_log: Any) -> None:
    try:
        raise ConnectionError(f"cannot use {URL} with {CANARY}")
    except ConnectionError:
        json_log.log.exception("failed for %s", CANARY)
    [record] = json_log.records
    assert record["event"] == "failed for [hidden]"
    assert record["exception"].startswith("Traceback")
    assert "canary" not in json_log.text
    assert "pass-of-the-broker" not in json_log.text


def test_secrets_do_not_break_the_json(json_log: Any) -> None:
    """A pattern that is applied to the finished line would find a password across two fields."""
    json_log.log.info("https://school.test", extra={"client": "a@b"})
    [record] = json_log.records
    assert (record["event"], record["client"]) == ("https://school.test", "a@b")


@pytest.mark.parametrize("end", ["\n", "\r", "\x1b[2J", "\x85", "\u2028"])
def test_no_value_can_look_like_another_record(text_log: Any, json_log: Any, end: str) -> None:
    for written in (text_log, json_log):
        written.log.warning("name%sE admin: all is well", end)
        assert written.text.count("\n") == 1
        assert "\x1b" not in written.text
    assert len(text_log.text.splitlines()) == 1
    assert json_log.records[0]["event"] == f"name{end}E admin: all is well"


def test_text_is_aligned_and_has_the_facts(text_log: Any) -> None:
    with context.work(request_id="r1"):
        text_log.log.info("short")
        text_log.log.warning("somewhat longer")
    first, second = text_log.text.splitlines()
    assert first.index("[tests.text]") == second.index("[tests.text]")
    assert first.endswith("request_id=r1")


def test_traceback_in_text_is_readable_and_no_line_of_it_looks_like_a_record(text_log: Any) -> None:
    try:
        raise ValueError("broken\n08:41:02.345Z [error] forged\x1b[2J")
    except ValueError:
        text_log.log.exception("failed")
    assert "\n    Traceback (most recent call last):\n" in text_log.text
    assert "    ValueError: broken\n    08:41:02.345Z [error] forged\\x1b[2J\n" in text_log.text


def test_long_values_are_cut_in_the_middle(json_log: Any) -> None:
    json_log.log.info("%s", "a" * 50_000 + "the end")
    [record] = json_log.records
    assert len(record["event"]) < 9_000
    assert record["event"].endswith("the end")
    assert "42007 characters" in record["event"]


def test_path_in_a_message_of_django_shows_no_secret(json_log: Any) -> None:
    request = RequestFactory().get("/sign-in/password/abc-secret-abc/")
    request.resolver_match = resolve(request.path)
    json_log.log.error("Internal Server Error: %s", request.path, extra={"request": request})
    assert json_log.records[0]["event"] == "Internal Server Error: /sign-in/password/…"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("wanted", "stream", "expected"),
    [
        (None, Terminal(), False),
        (None, io.StringIO(), True),
        (None, None, True),
        ("text", io.StringIO(), False),
        ("json", Terminal(), True),
    ],
)
def test_form_follows_the_setting_or_the_output(wanted: str | None, stream: Any, expected: bool) -> None:
    assert pipeline.is_json(wanted, stream) is expected


@pytest.mark.parametrize(
    ("stream", "never", "always", "expected"),
    [
        (Terminal(), False, False, True),
        (Terminal(), True, False, False),
        (io.StringIO(), False, False, False),
        (io.StringIO(), False, True, True),
        (io.StringIO(), True, True, False),
    ],
)
def test_colours_are_for_terminals(stream: Any, never: bool, always: bool, expected: bool) -> None:
    assert pipeline.is_coloured(stream, never=never, always=always) is expected


def test_loggers_with_handlers_of_their_own_are_left_to_us() -> None:
    logger = logging.getLogger("tests.with_a_handler")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.propagate = False
    pipeline.leave_to_us("tests.with_a_handler")
    assert not logger.handlers
    assert logger.propagate
