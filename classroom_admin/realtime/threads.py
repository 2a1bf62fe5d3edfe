"""Threads that run the streams' queries and rendering, so that the event loop never blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import connections

COUNT: Final = 2
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class Threads:
    """A pool of threads for functions that use the ORM. Each thread keeps its database connection open."""

    def __init__(self, count: int = COUNT) -> None:
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
    """Close this thread's database connections only if they are broken. Ignore `CONN_MAX_AGE`."""
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()
