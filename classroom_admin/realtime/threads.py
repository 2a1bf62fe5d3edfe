"""The few threads in which the stream reads the database and renders, so that its event loop never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from django.db import connections

COUNT: Final = 2
Result = TypeVar("Result")


class Threads:
    """Run functions that use the ORM. Each thread keeps its connection as long as it works."""

    def __init__(self, count: int = COUNT) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="live")

    async def run(self, work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        def guarded() -> Result:
            try:
                return work(*args, **kwargs)
            finally:
                keep_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)

    def close(self) -> None:
        """End the threads and their connections."""
        for _ in range(self._count):
            self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)


def keep_connections() -> None:
    """Let go of this thread's connections only where they are broken, whatever `CONN_MAX_AGE` says."""
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()
