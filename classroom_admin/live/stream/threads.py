"""The few threads in which the stream reads the database and renders, so that its event loop never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from django.db import close_old_connections, connections

COUNT: Final = 2
Result = TypeVar("Result")


class Threads:
    """Run functions that use the ORM; connections are kept as long as `CONN_MAX_AGE` says."""

    def __init__(self, count: int = COUNT) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="live")

    async def run(self, work: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        def guarded() -> Result:
            close_old_connections()
            try:
                return work(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, guarded)

    def close(self) -> None:
        """End the threads and their connections."""
        for _ in range(self._count):
            self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)
