"""Decide whether a stored time has come, also after the wall clock was set back.

A queue stores until when a row waits, for example the end of a worker's lease. If the clock is set back by an
hour, such a row would wait an hour longer. But nothing waits longer than a known time. So a time that is
later than possible was stored before the jump, and the row waits no more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""How much the clocks of servers may differ before one of them counts as set back."""


def has_come(field: str, *, now: datetime, longest: timedelta) -> Q:
    """Return the filter for rows whose time in `field` has come. No row waits longer than `longest`."""
    return Q(**{f"{field}__lte": now}) | is_impossible(field, now=now, longest=longest)


def is_impossible(field: str, *, now: datetime, longest: timedelta) -> Q:
    """Return the filter for rows that seem to wait longer than `longest`: the clock was set back."""
    return Q(**{f"{field}__gt": now + longest + CLOCKS_DIFFER})
