"""The threads of a worker that runs all tasks: timely tasks never wait for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from classroom_admin.celery import _has_expired, app
from classroom_admin.runtime.task_pool import TIMELY_THREADS, TaskPool

WITHIN_S = 30


@pytest.fixture
def pool() -> Iterator[TaskPool]:
    made = TaskPool(1, app=app)
    made.start()
    yield made
    made.stop()


def test_timely_tasks_run_while_all_threads_for_others_are_busy(pool: TaskPool) -> None:
    ended, polled, waited = threading.Event(), threading.Event(), threading.Event()
    pool.apply_async(lambda _name: ended.wait(WITHIN_S), ("reports.run_exports",), callback=print)
    pool.apply_async(lambda _name: waited.set(), ("sync.sweep",), callback=print)
    pool.apply_async(lambda _name: polled.set(), ("sync.poll",), callback=print)
    assert polled.wait(WITHIN_S)
    assert not waited.is_set()  # there is one thread for such tasks, and it is busy
    ended.set()
    assert waited.wait(WITHIN_S)


def test_others_run_while_all_threads_for_timely_tasks_are_busy(pool: TaskPool) -> None:
    ended, ran = threading.Event(), threading.Event()
    for _thread in range(TIMELY_THREADS):
        pool.apply_async(lambda _name: ended.wait(WITHIN_S), ("actions.run_promised",), callback=print)
    pool.apply_async(lambda _name: ran.set(), ("sync.sweep",), callback=print)
    assert ran.wait(WITHIN_S)
    ended.set()


def takes_tasks(pool: TaskPool) -> bool:
    try:
        pool.apply_async(print, ("sync.sweep",), callback=print)
    except RuntimeError:  # it stops
        return False
    return True


def test_stopped_pool_begins_no_task_while_it_waits_for_those_that_run(pool: TaskPool) -> None:
    ended, polls, runs = threading.Event(), threading.Event(), threading.Event()
    began: list[str] = []

    def wait(name: str) -> None:
        (polls if name == "sync.poll" else runs).set()
        ended.wait(WITHIN_S)

    pool.apply_async(wait, ("sync.poll",), callback=print)
    pool.apply_async(wait, ("sync.sweep",), callback=print)
    assert polls.wait(WITHIN_S)
    assert runs.wait(WITHIN_S)
    for _task in range(20):
        pool.apply_async(began.append, ("sync.sweep",), callback=print)
    stopping = threading.Thread(target=pool.stop)
    stopping.start()
    until = time.monotonic() + WITHIN_S
    while takes_tasks(pool):
        assert time.monotonic() < until
    ended.set()
    stopping.join(WITHIN_S)
    assert not stopping.is_alive()
    assert began == []


@pytest.mark.parametrize(("seconds", "runs"), [(-1, False), (60, True), (None, True)])
def test_message_that_expired_while_it_waited_for_a_thread_does_nothing(
    seconds: int | None, runs: bool
) -> None:
    ran = []

    def work() -> None:
        ran.append(1)

    task = app.task(work, name=f"tests.expires {seconds}")
    at = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    try:
        task.push_request(called_directly=False, expires=at and at.isoformat())
        task()
    finally:
        task.pop_request()
        app.tasks.pop(task.name)
    assert bool(ran) is runs


@pytest.mark.parametrize(
    ("expires", "over"),
    [("2020-01-01T00:00:00", True), ("2020-01-01T00:00:00+02:00", True), ("soon", False), (5, False)],
)
def test_odd_time_of_expiry_is_no_error(expires: object, over: bool) -> None:
    assert _has_expired(expires) is over
