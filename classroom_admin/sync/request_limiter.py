"""Limit the requests that all processes together send to the cloud. Background work has the lowest priority.

A database row contains a token bucket, which fills at a constant rate. Commands and polling reserve a token
immediately, even a future token. Background work leaves a reserve in the bucket, and waits while future
tokens are reserved. A command therefore never waits for reconciliation. At most `AGORA_REQUESTS_PER_SECOND`
requests are sent in any second.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from classroom_admin.agora.call import CloudCall
from classroom_admin.agora.chat_calls import ChatCall, ReadChatHistory
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.event_calls import PollEvents
from classroom_admin.common import clock
from classroom_admin.sync.models import RequestBudget

BURST_SHARE = 0.25
"""The share of the requests per second that may be sent together after a pause."""
KEPT_FOR_OTHERS = 2.0
"""How many tokens background work leaves in the bucket, so a command need not wait."""
LONGEST_DEBT_S = 15.0
"""No token is reserved that is further in the future than this (s), because callers give up earlier."""
PATIENCE_S = 30.0
"""After waiting this long (s), background work reserves a token as commands do, so it never waits forever."""
BACKGROUND_SHARE = 0.75
"""The share of the requests per second that one run of background work may plan."""
CLOCK_GOOD_FOR_S = 60.0
CHAT_HISTORY_PER_SECOND = 10 / 60
"""The limit that Agora Chat publishes for the history of an app."""

_in_background: ContextVar[bool] = ContextVar("in_background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Give this thread's requests in the block a lower priority than commands and event polling."""
    token = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(token)


@dataclass(frozen=True, slots=True)
class Pace:
    """The number of requests in a burst, and the number of requests per second after it.

    With these values, no second has more requests than the request limit.
    """

    burst: float
    per_second: float

    @classmethod
    def of(cls, bound: float) -> Pace:
        burst = max(1.0, bound * BURST_SHARE)
        return cls(burst=burst, per_second=bound - burst + 1.0 if bound >= 1.0 else bound)


def reserve(tokens: float, pace: Pace) -> tuple[float, float]:
    """Take a token now or reserve a future token. Return a tuple (tokens left, seconds to wait).

    If the wait is longer than `LONGEST_DEBT_S`, no token is taken.
    """
    wait_s = max(0.0, (1.0 - tokens) / pace.per_second)
    return (tokens, wait_s) if wait_s > LONGEST_DEBT_S else (tokens - 1.0, wait_s)


def take_what_is_left(tokens: float, pace: Pace) -> tuple[float, float]:
    """Take a token if enough are left for more urgent requests. Return a tuple (tokens left, wait).

    The wait is 0 if a token was taken. Otherwise it is the time until the next try in seconds.
    """
    needed = 1.0 + min(KEPT_FOR_OTHERS, pace.burst - 1.0)
    # Clocks give whole milliseconds. Round the wait up, because a caller could otherwise retry too early.
    if tokens >= needed - 1e-6:
        return tokens - 1.0, 0.0
    return tokens, math.ceil((needed - tokens) / pace.per_second * 1000) / 1000


class SharedLimiter:
    """A request limit that all processes with the same App ID and database share. It is thread-safe.

    Each request costs one small database write. Tests can replace `sleep`.
    """

    def __init__(
        self, app_id: str, per_second: float, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._app_id = app_id
        self._per_second = per_second
        self._pace = Pace.of(per_second) if per_second > 0 else None
        self._sleep = sleep

    @classmethod
    def of(cls, config: CloudConfig) -> SharedLimiter:
        return cls(config.app_id, config.requests_per_second)

    def wait_s(self, call: CloudCall[Any]) -> float:
        """Reserve one request. Return how many seconds the caller must wait before sending it.

        Background work waits inside this function.
        """
        if isinstance(call, ChatCall):
            return self._chat_wait_s(call)
        if self._pace is None:
            return 0.0
        if isinstance(call, PollEvents) or not _in_background.get():
            return self._draw(reserve)
        waited_s = 0.0
        while (wait_s := self._draw(take_what_is_left)) > 0:
            if waited_s >= PATIENCE_S:
                return self._draw(reserve)
            self._sleep(wait_s)
            waited_s += wait_s
        return 0.0

    def _chat_wait_s(self, call: ChatCall[Any]) -> float:
        """Reserve a request to Agora Chat. Only requests for its history are limited."""
        if not isinstance(call, ReadChatHistory):
            return 0.0
        name = hashlib.blake2b(f"{call.org_name}#{call.app_name}".encode(), digest_size=16).hexdigest()
        return SharedLimiter(f"chat history {name}", CHAT_HISTORY_PER_SECOND)._draw(reserve)

    def free_for_background(self) -> int | None:
        """Return how many requests background work may plan now. Return None if there is no limit.

        The result is at least 1, so that the work makes progress. `wait_s` also limits this request.
        """
        if self._pace is None:
            return None
        row = RequestBudget.objects.filter(app_id=self._app_id).first()
        tokens = self._pace.burst if row is None else self._filled(row, _now_ms())
        planned = (tokens - KEPT_FOR_OTHERS) + self._pace.per_second
        return max(1, int(min(planned, self._per_second * BACKGROUND_SHARE)))

    def _filled(self, row: RequestBudget, now_ms: int) -> float:
        assert self._pace is not None
        # Add no tokens if the clock was set back.
        gained = max(0, now_ms - row.filled_ms) / 1000 * self._pace.per_second
        return min(self._pace.burst, row.tokens + gained)

    def _draw(self, rule: Callable[[float, Pace], tuple[float, float]]) -> float:
        assert self._pace is not None
        with transaction.atomic():
            now_ms = _now_ms()
            row, _made = RequestBudget.objects.select_for_update().get_or_create(
                app_id=self._app_id, defaults={"tokens": self._pace.burst, "filled_ms": now_ms}
            )
            tokens, wait_s = rule(self._filled(row, now_ms), self._pace)
            RequestBudget.objects.filter(pk=row.pk).update(tokens=tokens, filled_ms=now_ms)
        return wait_s


_offset: tuple[float, float] = (0.0, float("-inf"))


def _now_ms() -> int:
    """Return the time in milliseconds by the clock of PostgreSQL. With SQLite, use this machine's clock."""
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
