"""Let records of Celery tasks say which task they belong to, and which request has sent it."""

from __future__ import annotations

from typing import Any, Final

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun

from classroom_admin.common.logs import context

HEADER: Final = "log_facts"
"""The header of a message with the facts that `context.passed_on` returns."""


def connect() -> None:
    """Connect the signals of Celery. A second call has no effect."""
    setup_logging.connect(_leave_logging_to_django, dispatch_uid="logging of Celery")
    before_task_publish.connect(_pass_on, dispatch_uid="facts of a message")
    task_prerun.connect(_begin, dispatch_uid="begin the facts of a task")
    task_postrun.connect(_end, dispatch_uid="end the facts of a task")


def _leave_logging_to_django(**_: Any) -> None:
    """Do nothing. Celery sets up no logging if this signal has a receiver."""


def _pass_on(headers: dict[str, Any] | None = None, **_: Any) -> None:
    facts = context.passed_on()
    if facts and headers is not None:
        headers[HEADER] = facts


def _begin(task: Any, task_id: str, **_: Any) -> None:
    facts = (task.request.headers or {}).get(HEADER)
    known = (
        {name: facts[name] for name in context.PASSED_ON if name in facts} if isinstance(facts, dict) else {}
    )
    context.begin(**known, task=task.name, task_id=task_id)


def _end(**_: Any) -> None:
    context.end()
