"""Decide whether this web process should get requests: the database answers, and no migration is missing.

Work in the background does not count. If only polling is behind, every web process shows the same outage, so
taking them out of rotation would replace a page with a banner by no page at all. `docs/monitoring.md` says so
to operators, and the answer reports the ages.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import FrameType
from typing import Any, Final

from django.db import connection

from classroom_admin.common import database_outage
from classroom_admin.common.version import version
from classroom_admin.operations import progress
from classroom_admin.operations.progress import Progress
from classroom_admin.runtime.installation import migration_names

KEPT_S: Final = 3.0
"""How long (s) a result is used again, so that many probes need only one check."""
DEADLINE_S: Final = 2.0
"""The time (s) after which a probe does not wait for the database any more."""
STOPPING: Final = "This process is stopping."
DATABASE_AWAY: Final = "The database can't be reached."
DATABASE_SLOW: Final = f"The database does not answer within {DEADLINE_S:.0f} s."
DATABASE_ERRORS: Final = (*database_outage.ERRORS, OSError)


@dataclass(frozen=True, slots=True)
class Readiness:
    """The problems because of which this process should get no requests, and the background work's progress.

    `progress` is None if the database could not be read.
    """

    problems: Sequence[str] = field(default=())
    progress: Progress | None = None

    @property
    def ready(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "ready": self.ready,
            "version": version(),
            "problems": list(self.problems),
            "progress": None if self.progress is None else self.progress.as_json(),
        }


_checking: Final = threading.Lock()
_stopping: Final = threading.Event()
_last: tuple[float, Readiness] | None = None


def known() -> Readiness | None:
    """Return the result of the last `KEPT_S` seconds, or None if there is none. Run no query."""
    if _stopping.is_set():
        return Readiness((STOPPING,))
    if _last is not None and time.monotonic() - _last[0] < KEPT_S:
        return _last[1]
    return None


def current() -> Readiness:
    """Return the last result, or check again if it is older than `KEPT_S` seconds."""
    global _last
    with _checking:
        found = known()
        if found is None:
            found = _check()
            _last = (time.monotonic(), found)
        return found


def forget() -> None:
    """Forget the last result, so that the next call checks again. For tests."""
    global _last
    _last = None


def _check() -> Readiness:
    try:
        missing = missing_migrations()
        if missing:
            words = f"The database lacks {len(missing)} migrations, such as {missing[0]}."
            return Readiness((f"{words} Run manage.py migrate.",))
        return Readiness(progress=progress.read())
    except DATABASE_ERRORS:
        return Readiness((DATABASE_AWAY,))


def missing_migrations() -> list[str]:
    """Return the names of the migrations that the database lacks. Raise DatabaseError if it can't be read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = {(str(app), str(name)) for app, name in cursor.fetchall()}
    return sorted(f"{app}.{name}" for app, name in _needed() - applied)


@cache
def _needed() -> frozenset[tuple[str, str]]:
    return frozenset(migration_names())


def notice_stop() -> None:
    """From SIGTERM on, be unready. Keep the server's own handler. Call this in the main thread."""
    if threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGTERM)
        if callable(before):
            signal.signal(signal.SIGTERM, _stopping_before(before))


def _stopping_before(handler: Callable[[int, FrameType | None], Any]) -> Callable[..., Any]:
    def stop(number: int, frame: FrameType | None) -> None:
        _stopping.set()
        handler(number, frame)

    return stop
