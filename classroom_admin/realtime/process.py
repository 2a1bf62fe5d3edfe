"""Manage the threads, garbage collection and open files of a process with open streams."""

import asyncio
import gc
import logging
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import connections

log = logging.getLogger(__name__)

THREADS: Final = 2
FULL_EVERY_S: Final = 60.0
YOUNG: Final = 10_000
"""The number of new objects that triggers a young collection, which takes a few milliseconds."""
MIDDLE: Final = 10
NEVER: Final = 1_000_000
"""The number of middle collections that would trigger a full collection. It is never reached."""
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class Threads:
    """A pool of threads for queries and rendering, so that the event loop never blocks.

    Each thread keeps its database connection open.
    """

    def __init__(self, count: int = THREADS) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="live")

    async def run(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        def guarded() -> Result:
            try:
                return work(*args, **kwargs)
            finally:
                keep_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)

    def close(self) -> None:
        """Close the database connections and end the threads."""
        for _ in range(self._count):
            self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)


def keep_connections() -> None:
    """Keep this thread's database connections open unless they are broken, whatever `CONN_MAX_AGE` is."""
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()


class GarbageCollector:
    """A control for the interpreter's full garbage collections, for use in one event loop.

    A full collection takes about 0.14 s with 2,000 open pages, and nothing is sent meanwhile. Python usually
    runs it while a change is being sent. While the hub has subscribers, it runs full collections between
    changes instead.
    """

    def __init__(self, *, every_s: float = FULL_EVERY_S) -> None:
        self._every_s = every_s
        self._thresholds: tuple[int, int, int] | None = None
        self._last = 0.0

    def take_over(self, *, now: float) -> None:
        """Stop automatic full collections. `collect_if_due` then runs them.

        `now` is monotonic, in seconds.
        """
        if self._thresholds is None:
            self._thresholds, self._last = gc.get_threshold(), now
            gc.set_threshold(YOUNG, MIDDLE, NEVER)

    def give_back(self) -> None:
        """Restore the interpreter's previous thresholds."""
        if self._thresholds is not None:
            gc.set_threshold(*self._thresholds)
            self._thresholds = None

    def collect_if_due(self, *, now: float) -> bool:
        """Run a full collection if the last one was at least `every_s` ago. Return whether it ran."""
        if self._thresholds is None or now - self._last < self._every_s:
            return False
        self._last = now
        gc.collect()
        return True


def spare_loaded_objects() -> None:
    """Exclude all current objects from garbage collection. Call this once, after the process has started.

    Otherwise, about one page request in ten waits 0.1 s for a full collection, which looks at all modules.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, MIDDLE)


def allow_many_connections() -> int:
    """Raise the soft limit of open files (often 1,024) to the hard limit. Return the resulting limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        log.warning("the limit of open files cannot be raised above %s: %s", soft, error)
        return soft
    return hard
