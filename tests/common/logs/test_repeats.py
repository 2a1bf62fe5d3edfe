"""The same error is written once and then counted. Nothing is lost, and the memory is bounded."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from classroom_admin.common.logs import context, repeats
from classroom_admin.common.logs.repeats import MOST, Repeats
from tests import quick_python
from tests.runtime.processes import wait_for


def fail(error: Exception) -> None:
    raise error


def report(written: Any, error: Exception, template: str = "task %s failed", name: str = "x") -> None:
    try:
        fail(error)
    except type(error):
        written.log.exception(template, name)


def twice(written: Any) -> None:
    for _ in range(2):
        written.log.error("again")


def test_repeated_error_is_written_once_and_counted(counted: Any) -> None:
    for number in range(50):
        with context.work(request_id=f"r{number}"):
            report(counted, ConnectionError(f"refused {number}"), name=str(number))
    assert [record["event"] for record in counted.records] == ["task 0 failed"]
    counted.handler.write_counts()
    first, count = counted.records
    assert first["request_id"] == "r0"
    assert "refused 0" in first["exception"]
    assert count["event"] == "repeated 49 times in the last 1 s: task 49 failed"
    assert (count["repeated"], count["request_id"], count["level"]) == (49, "r49", "error")
    assert "exception" not in count
    counted.handler.write_counts()
    assert len(counted.records) == 2


def test_different_errors_are_all_written(counted: Any) -> None:
    report(counted, ConnectionError("a"))
    report(counted, ConnectionError("a"), "a page failed: %s")
    report(counted, TimeoutError("a"))
    counted.log.error("lost: %s", ConnectionError("a"))
    counted.log.error("lost: %s", TimeoutError("a"))
    with context.work(task="sync.poll"):
        report(counted, ConnectionError("a"))
    try:
        raise ConnectionError("another place")
    except ConnectionError:
        counted.log.exception("task %s failed", "x")
    assert len(counted.records) == 7


def test_records_below_warnings_are_not_counted(counted: Any) -> None:
    for _ in range(3):
        counted.log.info("served")
    counted.handler.write_counts()
    assert len(counted.records) == 3


def test_nothing_is_counted_without_a_window(json_log: Any) -> None:
    for _ in range(3):
        json_log.log.error("again")
    assert len(json_log.records) == 3


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("x", logging.ERROR, "file.py", 1, text, None, None)


def test_count_is_written_at_the_end_of_each_window_while_the_error_continues() -> None:
    found = Repeats(60.0)
    assert not found.is_repeated(record("e"), now=0.0)
    assert found.is_repeated(record("e"), now=1.0)
    assert list(found.due(now=59.9)) == []
    [count] = found.due(now=60.0)
    assert count.getMessage() == "repeated once in the last 60 s: e"
    assert found.is_repeated(record("e"), now=61.0)
    [count] = found.due(now=125.0)
    assert (count.repeated, count.seconds) == (1, 65)  # type: ignore[attr-defined]


def test_error_after_a_silent_window_is_written_again() -> None:
    found = Repeats(60.0)
    assert not found.is_repeated(record("e"), now=0.0)
    assert list(found.due(now=60.0)) == []
    assert not found.is_repeated(record("e"), now=61.0)


def test_memory_is_bounded_and_early_counts_are_not_lost() -> None:
    found = Repeats(60.0)
    counts = []
    for number in range(MOST * 3):
        found.is_repeated(record(f"error {number}"), now=1.0)
        found.is_repeated(record(f"error {number}"), now=1.0)
        counts += found.due(now=1.0)
        assert len(found) <= MOST
    counts += found.all(now=2.0)
    assert len(counts) == MOST * 3
    assert len(found) == 0


def test_count_keeps_no_frame_and_no_argument_alive() -> None:
    found = Repeats(60.0)
    try:
        fail(ValueError("x"))
    except ValueError:
        one = logging.LogRecord("x", logging.ERROR, "f", 1, "failed: %s", (object(),), sys.exc_info())
    found.is_repeated(one, now=0.0)
    found.is_repeated(one, now=0.0)
    [kept] = [error.last for error in found._errors.values()]
    assert kept is not None
    assert (kept.exc_info, kept.args) == (None, None)


def test_thread_writes_the_count_without_a_further_record(counted: Any) -> None:
    counted.handler._repeats.window_s = 0.2
    twice(counted)
    wait_for(lambda: len(counted.records) >= 2)
    assert "repeated once" in counted.records[-1]["event"]


def test_closing_the_handler_writes_the_counts(counted: Any) -> None:
    twice(counted)
    counted.handler.close()
    assert len(counted.records) == 2


def test_forked_process_does_not_write_the_counts_of_its_parent(counted: Any) -> None:
    twice(counted)
    child = os.fork()
    if child == 0:
        counted.handler.write_counts()
        os._exit(len(counted.records))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    counted.handler.write_counts()
    assert len(counted.records) == 2


ENDS = """
import logging, sys
import django
django.setup()
for _ in range(5):
    logging.getLogger("x").error("again")
{end}
"""


def said_by(end: str, tmp_path: Any) -> str:
    env = os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "classroom_admin.settings"}
    return quick_python.run("-c", ENDS.format(end=end), env=env).stderr


def test_count_is_written_when_the_process_ends(tmp_path: Any) -> None:
    assert "repeated 4 times" in said_by("sys.exit(3)", tmp_path)


def test_count_is_written_when_a_worker_is_stopped_at_once(tmp_path: Any) -> None:
    assert "repeated 4 times" in said_by("from classroom_admin import celery; celery._exit()", tmp_path)


def test_all_handlers_write_their_counts(counted: Any) -> None:
    twice(counted)
    repeats.write_counts()
    assert len(counted.records) == 2
