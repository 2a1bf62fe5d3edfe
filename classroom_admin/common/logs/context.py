"""Remember which request, task or command is in work, so that every record of the log can say it.

The facts of a piece of work are one dictionary in a context variable. Threads and asyncio tasks that copy the
context share the dictionary. So the ASGI front, which writes the access log, also sees what a view adds in
its thread. The variables of `structlog.contextvars` would not show it, because each value is copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

FACTS: Final = ("request_id", "action_id", "person", "room", "route", "path", "task", "task_id", "command")
"""The names of all facts, in the order in which records contain them.

`person` is the id of an account, `room` the key of a class, and `action_id` the id of an entry of the audit
log. `route` is the name of a page's address, and `path` its path without secrets. `command` is the name of a
management command.
"""
PASSED_ON: Final = ("request_id", "action_id", "person", "room")
"""The facts that a message to a worker carries, so that its task belongs to the same request."""


@dataclass(frozen=True, slots=True)
class _Work:
    facts: dict[str, Any]
    outer: _Work | None


_current: ContextVar[_Work | None] = ContextVar("work in the log", default=None)


def begin(**facts: Any) -> None:
    """Begin a piece of work. It has the facts of the work around it, and these. Call `end` in any case."""
    outer = _current.get()
    inherited = outer.facts if outer is not None else {}
    _current.set(_Work({**inherited, **facts}, outer))


def end() -> None:
    """End the piece of work that began last. Do nothing if there is none."""
    work = _current.get()
    if work is not None:
        _current.set(work.outer)


@contextmanager
def work(**facts: Any) -> Iterator[None]:
    """Begin a piece of work, and end it with the block."""
    begin(**facts)
    try:
        yield
    finally:
        end()


def bind(**facts: Any) -> None:
    """Add facts to the current piece of work. Do nothing outside of any work."""
    current_work = _current.get()
    if current_work is not None:
        current_work.facts.update(facts)


def current() -> Mapping[str, Any]:
    """Return the facts of the current piece of work. The mapping is empty outside of any work."""
    current_work = _current.get()
    return current_work.facts if current_work is not None else {}


def passed_on() -> dict[str, Any]:
    """Return the facts that a message to a worker carries: ids only."""
    facts = current()
    return {name: facts[name] for name in PASSED_ON if facts.get(name) is not None}
