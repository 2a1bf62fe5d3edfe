"""One budget of requests for all processes and machines: commands first, then the poll, then the rest.

A bucket in a row of the database, filled evenly. Commands and the poll reserve their turn at once, also ahead
of time; background work takes only what is left above a reserve, and waits while turns are reserved. So a
command waits for no sweep, and in no second are there more requests than `AGORA_REQUESTS_PER_SECOND`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, transaction

from classroom_admin.agora import calls
from classroom_admin.agora.calls import Call
from classroom_admin.agora.config import CloudConfig
from classroom_admin.common import clock
from classroom_admin.sync.models import RequestBudget

BURST_SHARE = 0.25
"""Of the requests per second: so many may go out at once after a pause."""
KEPT_FOR_OTHERS = 2.0
"""Requests that background work leaves in the bucket, so that a command finds one there."""
LONGEST_DEBT_S = 15.0
"""A turn further ahead than this is not reserved: who asks for it gives up before."""
PATIENCE_S = 30.0
"""Background work that waited so long takes a turn like a command: it is never starved."""
CLOCK_GOOD_FOR_S = 60.0

_in_background: ContextVar[bool] = ContextVar("in_background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Requests of this block, in this thread, come after people's commands and the poll."""
    token = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(token)


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` requests at once, then `per_second`; together never more than the bound in any second."""

    burst: float
    per_second: float

    @classmethod
    def of(cls, bound: float) -> Pace:
        burst = max(1.0, bound * BURST_SHARE)
        return cls(burst=burst, per_second=bound - burst + 1.0 if bound >= 1.0 else bound)


def reserve(tokens: float, pace: Pace) -> tuple[float, float]:
    """Take a turn, ahead of time where none is left: (tokens then, seconds to wait). Pure."""
    wait_s = max(0.0, (1.0 - tokens) / pace.per_second)
    return (tokens, wait_s) if wait_s > LONGEST_DEBT_S else (tokens - 1.0, wait_s)


def take_what_is_left(tokens: float, pace: Pace) -> tuple[float, float]:
    """Take a turn only where enough stays for others, else say when to look again. Pure."""
    needed = 1.0 + min(KEPT_FOR_OTHERS, pace.burst - 1.0)
    # Clocks tell whole milliseconds: the wait is rounded up, so that nobody comes back too early for ever.
    if tokens >= needed - 1e-6:
        return tokens - 1.0, 0.0
    return tokens, math.ceil((needed - tokens) / pace.per_second * 1000) / 1000


class SharedBudget:
    """Shared by all processes that name the same App ID in the same database. Thread-safe.

    One small write for each request. `sleep` (seconds) can be replaced in tests.
    """

    def __init__(
        self, app_id: str, per_second: float, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._app_id = app_id
        self._pace = Pace.of(per_second) if per_second > 0 else None
        self._sleep = sleep

    @classmethod
    def of(cls, config: CloudConfig) -> SharedBudget:
        return cls(config.app_id, config.requests_per_second)

    def wait_s(self, call: Call) -> float:
        """Reserve one request; the seconds until its turn. Background work waits for its turn in here."""
        if self._pace is None:
            return 0.0
        if call is calls.POLL_EVENTS or not _in_background.get():
            return self._draw(reserve)
        waited_s = 0.0
        while (wait_s := self._draw(take_what_is_left)) > 0:
            if waited_s >= PATIENCE_S:
                return self._draw(reserve)
            self._sleep(wait_s)
            waited_s += wait_s
        return 0.0

    def _draw(self, rule: Callable[[float, Pace], tuple[float, float]]) -> float:
        assert self._pace is not None
        with transaction.atomic():
            now_ms = _now_ms()
            row, _made = RequestBudget.objects.select_for_update().get_or_create(
                app_id=self._app_id, defaults={"tokens": self._pace.burst, "filled_ms": now_ms}
            )
            # A clock that was set back gives nothing until the next request.
            gained = max(0, now_ms - row.filled_ms) / 1000 * self._pace.per_second
            tokens, wait_s = rule(min(self._pace.burst, row.tokens + gained), self._pace)
            RequestBudget.objects.filter(pk=row.pk).update(tokens=tokens, filled_ms=now_ms)
        return wait_s


_offset: tuple[float, float] = (0.0, float("-inf"))


def _now_ms() -> int:
    """The time that all machines agree on: the database server's, else this machine's (SQLite has one)."""
    global _offset
    if connection.vendor != "postgresql":
        return clock.now_ms()
    offset_ms, measured = _offset
    if time.monotonic() - measured > CLOCK_GOOD_FOR_S:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000")
            offset_ms = float(cursor.fetchone()[0]) - time.time() * 1000
        _offset = (offset_ms, time.monotonic())
    return clock.now_ms() + round(offset_ms)
