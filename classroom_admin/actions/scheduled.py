"""The worker of scheduled commands: claim what is due, run the handler of its kind, record the outcome.

The table is the queue; a message only wakes a worker up and may be lost, doubled or late. A claim is a
conditional UPDATE with a lease. After the lease another worker takes the command over, and the outcome of the
first one is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from django.db import transaction
from django.db.models import F, QuerySet
from kombu.exceptions import OperationalError

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem

log = logging.getLogger(__name__)

Kind = ScheduledCommand.Kind
State = ScheduledCommand.State
OPEN: Final = (State.WAITING, State.CLAIMED)
TIMED: Final = (Kind.REMOVAL, Kind.DELETION)
"""Kinds due at an exact second: they have a Celery queue of their own and wait for no other kind."""
LONG: Final = (Kind.BULK, Kind.CLASS)
RUN_SCHEDULED: Final = "actions.run_promised"
RUN_LONG: Final = "actions.run_long"
LEASE: Final = timedelta(seconds=75)
"""Longer than a call to the cloud (15 s) and than the lease of an idempotency key (60 s), so that a command
which is taken over is sent again.
"""
WORK_S: Final = 4.0
"""How long a task works before others may have its thread; a worker that shuts down has 7 s."""
_EXPIRES_S: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended. ``retry_at``: when a failed one is claimed again, None: never.

    ``record`` writes to the audit log, only if this worker still holds the lease. ``payload`` is added to the
    command's.
    """

    state: State
    entry: Entry | None = None
    problem: Problem | None = None
    retry_at: datetime | None = None
    payload: dict[str, Any] | None = None
    record: Callable[[], object] | None = None


Handler = Callable[[ScheduledCommand], Outcome]
_handlers: dict[str, Handler] = {}


def handler(kind: Kind) -> Callable[[Handler], Handler]:
    """Register the decorated function as the one that runs commands of ``kind``."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def due(kinds: Collection[Kind]) -> QuerySet[ScheduledCommand]:
    """Return what may be claimed now: due, to be tried again, or left behind by a worker that died."""
    return ScheduledCommand.objects.filter(kind__in=kinds, claimable_at__lte=clock.now())


def claim(kinds: Collection[Kind], *, first: int | None = None) -> ScheduledCommand | None:
    """Claim one command, best the one with the id ``first``; None where nothing is due.

    By position, then by time: a run of many classes does not hold up the runs and series of others.
    """
    while True:
        ids = due(kinds).order_by("position", "claimable_at", "pk").values_list("pk", flat=True)
        pk = (first and ids.filter(pk=first).first()) or ids.first()
        if pk is None:
            return None
        now = clock.now()
        claimed = {"state": State.CLAIMED, "claimable_at": now + LEASE, "attempts": F("attempts") + 1}
        if due(kinds).filter(pk=pk).update(changed_at=now, **claimed):
            found = ScheduledCommand.objects.select_related(
                "by", "room", "entry", "run", "series__created_by", "series__taught_by"
            )
            return found.defer("room__properties", "room__ext_apps", "room__groups").get(pk=pk)


def settle(command: ScheduledCommand, outcome: Outcome) -> bool:
    """Store the outcome; False where the lease was lost: then the other worker's outcome holds."""
    changes: dict[str, Any] = {"problem": outcome.problem and outcome.problem.as_json()}
    if outcome.entry is not None:
        changes["entry"] = outcome.entry
    if outcome.payload:
        changes["payload"] = command.payload | outcome.payload
    with transaction.atomic():
        claimed = ScheduledCommand.objects.filter(
            pk=command.pk, state=State.CLAIMED, attempts=command.attempts
        )
        held = claimed.update(
            state=outcome.state, claimable_at=outcome.retry_at, changed_at=clock.now(), **changes
        )
        if held and outcome.record is not None:
            outcome.record()
    return bool(held)


def work(kinds: Collection[Kind], *, first: int | None = None, within_s: float = WORK_S) -> bool:
    """Run due commands for at most ``within_s`` seconds, ``first`` first. True where more are due."""
    ends_at = clock.monotonic() + within_s
    while (command := claim(kinds, first=first)) is not None:
        settle(command, _handlers[command.kind](command))
        if clock.monotonic() >= ends_at:
            return due(kinds).exists()
    return False


def wake_up(task: str, *, first: int | None = None, after_s: float = 0) -> None:
    """Wake a worker up when the transaction is committed, ``after_s`` seconds later.

    Where the broker is away, the beat does it a little later.
    """

    def send() -> None:
        try:
            current_app.send_task(
                task, args=(first,), countdown=after_s, expires=after_s + _EXPIRES_S, retry=False
            )
        except OperationalError as error:
            log.warning("no wake-up could be sent, the beat will run what is due: %s", error)

    transaction.on_commit(send)
