"""The worker of scheduled commands: claim a due command, run the handler of its kind, store the outcome.

The table is the queue. A message only wakes up a worker, so it may be lost, duplicated or late. A claim is a
conditional UPDATE with a lease. When the lease has expired, another worker claims the command again, and the
outcome of the first worker is dropped.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.common.due_times import is_impossible
from classroom_admin.common.logs import context as log_context
from classroom_admin.common.problems import Problem

log = logging.getLogger(__name__)

Kind = ScheduledCommand.Kind
State = ScheduledCommand.State
OPEN: Final = (State.WAITING, State.CLAIMED)
TIMED: Final = (Kind.REMOVAL, Kind.DELETION)
"""Kinds that are due at an exact second. They have their own Celery queue and never wait for other kinds."""
LONG: Final = (Kind.BULK, Kind.CLASS, Kind.CLOSE, Kind.INVITATION)
RUN_SCHEDULED: Final = "actions.run_promised"
RUN_LONG: Final = "actions.run_long"
LEASE: Final = timedelta(seconds=75)
"""The lease of a claimed command. It outlasts a call to the cloud (15 s) and a key's lease (60 s), so that
another worker can send the command again.
"""
WORK_S: Final = 4.0
"""The time (s) after which a task frees its thread for others. A worker gets 7 s to shut down."""
_EXPIRES_S: Final = 30
_LONGEST_WAKE_UP_S: Final = 600.0
"""A worker keeps a message until it is due. RabbitMQ ends its connection after half an hour, and Redis sends
the message again after an hour. For later commands, the beat is enough.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a command.

    A worker may run a failed command again at ``retry_at``, or never if it is None. ``record`` writes to the
    audit log. It is called only if this worker still has the lease. ``payload`` is merged into the command's
    payload.
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
    """Register the decorated function as the handler of commands of ``kind``."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def due(kinds: Collection[Kind]) -> QuerySet[ScheduledCommand]:
    """Return the commands that a worker may claim now. These may be retries or commands of a dead worker.

    No lease lasts longer than `LEASE`. If it seems to, the clock was set back, and the lease is void.
    """
    now = clock.now()
    is_void = Q(state=State.CLAIMED) & is_impossible("claimable_at", now=now, longest=LEASE)
    return ScheduledCommand.objects.filter(Q(claimable_at__lte=now) | is_void, kind__in=kinds)


def claim(kinds: Collection[Kind], *, first: int | None = None) -> ScheduledCommand | None:
    """Claim and return a due command, or None. Prefer the command with the id ``first`` if it is due.

    The order is by position, then by time. So a bulk action with many classes does not delay other commands.
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
    """Store the outcome. If another worker has claimed the command since, return False and store nothing."""
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
    """Run due commands, first the one with the id ``first`` if it is due. Return whether more are due.

    No command is started after ``within_s`` seconds.
    """
    ends_at = clock.monotonic() + within_s
    while (command := claim(kinds, first=first)) is not None:
        with log_context.work(**_facts(command)):
            settle(command, _handlers[command.kind](command))
        if clock.monotonic() >= ends_at:
            return due(kinds).exists()
    return False


def _facts(command: ScheduledCommand) -> dict[str, Any]:
    """Return what the log says about the work on a command."""
    room = command.room
    return {
        "action_id": command.entry_id,
        "person": command.by_id,
        "room": room.key if room is not None else None,
        "request_id": command.entry.request_id or None if command.entry is not None else None,
    }


def wake_up(task: str, *, first: int | None = None, after_s: float = 0) -> None:
    """Wake up a worker ``after_s`` seconds after the transaction commits.

    If the broker is unreachable, this is only logged. The beat wakes up a worker a little later.
    """
    if after_s > _LONGEST_WAKE_UP_S:
        return

    def send() -> None:
        try:
            current_app.send_task(
                task, args=(first,), countdown=after_s, expires=after_s + _EXPIRES_S, retry=False
            )
        except BROKER_ERRORS as error:
            log.warning("no wake-up could be sent, the beat will run what is due: %s", error)

    transaction.on_commit(send)
