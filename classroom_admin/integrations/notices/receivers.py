"""The receivers of notices: functions that outgoing webhooks, mail and chat services register.

    @receiver("webhooks")
    def store_deliveries(notice_ids: list[int]) -> None: ...

A receiver gets each notice once, in order of their ids. It is called inside of the transaction that marks
the notices as handed over. So it must store what is to be done, and not do it: a call to another system
belongs in a task. If it raises an error, it gets the same notices again later. Other receivers are not
affected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, transaction

from classroom_admin.common import clock
from classroom_admin.integrations.notices.models import Handover
from classroom_admin.integrations.notices.occurrences import LATEST
from classroom_admin.sync.reader import UNFORESEEN

log = logging.getLogger(__name__)

Receiver = Callable[[list[int]], None]
AT_ONCE: Final = 200
"""The maximum number of notices that a receiver gets in one transaction."""
_receivers: Final[dict[str, Receiver]] = {}


def receiver(name: str) -> Callable[[Receiver], Receiver]:
    """Register the decorated function as a receiver. It gets the notices that are stored from now on.

    Register it in the `ready` method of the app, so that every process knows it. `name` has at most 30
    characters, and must not change: notices that wait for it are stored with this name.
    """

    def register(function: Receiver) -> Receiver:
        _receivers[name] = function
        return function

    return register


def names() -> list[str]:
    """Return the names of all receivers."""
    return sorted(_receivers)


def hand_over() -> int:
    """Give each receiver the notices that it has not got yet. Return how many notices were handed over.

    Call this in one process at a time, so that the notices stay in order.
    """
    return sum(_hand_over_to(name) for name in names())


def _hand_over_to(name: str) -> int:
    handed = 0
    try:
        while count := _next_part(name):
            handed += count
    except (DatabaseError, *UNFORESEEN):
        log.exception("the receiver %s failed, and gets the notices again later", name)
    return handed


def _next_part(name: str) -> int:
    """Hand over some notices in one transaction. Old ones, for example of a restored backup, are dropped."""
    earliest = clock.now() - LATEST
    with transaction.atomic():
        waiting = Handover.objects.select_for_update(of=("self",)).filter(receiver=name)
        columns = waiting.order_by("notice_id").values_list("pk", "notice_id", "notice__found_at")
        part = list(columns[:AT_ONCE])
        if recent := [notice for _pk, notice, found_at in part if found_at > earliest]:
            _receivers[name](recent)
        Handover.objects.filter(pk__in=[pk for pk, *_notice in part]).delete()
    return len(part)
