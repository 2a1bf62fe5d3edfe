"""Decide how often to ask the cloud for new events, unless `AGORA_POLL_SECONDS` sets a fixed interval.

Polling is fast while someone watches and a class is live, slow while neither is true, and otherwise normal.
Other processes than the poller serve the pages. While someone watches, they increase a counter in the
database, and the poller checks whether the counter still grows. So they need not compare their clocks.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db.models import F, QuerySet

from classroom_admin.rooms.selectors import is_any_live
from classroom_admin.sync.models import Lease

FAST_S: Final = 0.2
NORMAL_S: Final = 1.0
IDLE_S: Final = 5.0
MOST_OF_THE_LIMIT: Final = 0.25
"""The largest share of the request limit that fast polling uses."""
TELL_EVERY_S: Final = 2.0
"""How often (s) a process with open pages calls `tell_of_open_pages`."""
WATCHED_FOR_S: Final = 3 * TELL_EVERY_S
LIVE_EVERY_S: Final = 1.0
"""How often (s) to ask the database whether a class is live."""
EARLY_S: Final = 0.5
"""A wake-up may come this much (s) too early, because the beat sends one only every second."""


def interval_s(*, watched: bool, live: bool, per_second: float) -> float:
    """Return the polling interval in seconds. `per_second` is the request limit, or 0 if there is none."""
    if watched and live:
        least = 1 / (per_second * MOST_OF_THE_LIMIT) if per_second > 0 else 0.0
        return min(NORMAL_S, max(FAST_S, least))
    return NORMAL_S if watched or live else IDLE_S


def longest_interval_s() -> float:
    """Return the longest polling interval in seconds while a page is open."""
    return float(settings.AGORA_POLL_SECONDS or NORMAL_S)


def tell_of_open_pages() -> None:
    """Tell the poller that this process has open pages. This costs one small write."""
    if not _row().update(beats=F("beats") + 1):
        Lease.objects.get_or_create(app_id=_name(), defaults={"beats": 1})


class Pace:
    """The polling interval of one poller. `monotonic` is a clock in seconds.

    It is not thread-safe: the caller holds `busy` while it polls. `called` is True if someone has asked for
    polling since the caller began.
    """

    def __init__(self, *, per_second: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.busy = threading.Lock()
        self.called = False
        self._per_second = per_second
        self._monotonic = monotonic
        self._seen: int | None = None
        self._watched_until = float("-inf")
        self._live = False
        self._live_read_at = float("-inf")
        self._began = float("-inf")

    def begin(self) -> None:
        """Record that a polling cycle begins now."""
        self._began = self._monotonic()

    def interval_s(self) -> float:
        """Return the current polling interval in seconds. Run one or two queries."""
        now = self._monotonic()
        beats = _row().values_list("beats", flat=True).first() or 0
        if self._seen is not None and beats != self._seen:
            self._watched_until = now + WATCHED_FOR_S
        self._seen = beats
        if now - self._live_read_at >= LIVE_EVERY_S:
            self._live, self._live_read_at = is_any_live(), now
        return interval_s(watched=now < self._watched_until, live=self._live, per_second=self._per_second)

    def left_s(self, interval_s: float) -> float:
        """Return the seconds until the next cycle is due. The value is 0 or less if it is due."""
        return self._began + interval_s - self._monotonic()


def _name() -> str:
    return f"{settings.AGORA.app_id}:open-pages"


def _row() -> QuerySet[Lease]:
    return Lease.objects.filter(app_id=_name())
