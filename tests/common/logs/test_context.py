"""Work inside other work has its facts, and leaves none behind."""

from __future__ import annotations

import contextvars
from typing import Any

from celery import shared_task

from classroom_admin.celery import app
from classroom_admin.common.logs import context, tasks


def test_inner_work_inherits_facts_and_leaves_none_behind() -> None:
    with context.work(request_id="r1"):
        with context.work(action_id=5):
            context.bind(room="k")
            assert context.current() == {"request_id": "r1", "action_id": 5, "room": "k"}
        assert context.current() == {"request_id": "r1"}
    assert context.current() == {}


def test_facts_outside_of_work_are_forgotten() -> None:
    context.bind(room="k")
    assert context.current() == {}
    context.end()
    assert context.current() == {}


def test_facts_that_a_thread_adds_are_visible_outside() -> None:
    """The ASGI front sees what a view adds, although the view has a copy of the context."""
    with context.work(request_id="r1"):
        contextvars.copy_context().run(context.bind, person=3)
        assert context.current() == {"request_id": "r1", "person": 3}


seen: list[dict[str, Any]] = []


@shared_task(name="tests.note_facts")
def note_facts() -> None:
    seen.append(dict(context.current()))


def test_task_knows_itself_and_the_request_that_sent_it() -> None:
    seen.clear()
    note_facts.apply(task_id="t1", headers={tasks.HEADER: {"request_id": "r1", "person": 3, "other": "x"}})
    assert seen == [{"request_id": "r1", "person": 3, "task": "tests.note_facts", "task_id": "t1"}]
    assert context.current() == {}


def test_message_carries_ids_only() -> None:
    headers: dict[str, Any] = {}
    with context.work(request_id="r1", route="live:class", person=None, room="k"):
        tasks._pass_on(headers=headers)
    assert headers == {tasks.HEADER: {"request_id": "r1", "room": "k"}}
    without: dict[str, Any] = {}
    tasks._pass_on(headers=without)
    assert without == {}


def test_celery_leaves_logging_to_django() -> None:
    from celery.signals import setup_logging

    assert setup_logging.send(sender=app), "without a receiver, Celery adds handlers of its own"
