"""The threads of a worker that runs all tasks: some only for those that are due at an exact second."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from celery.concurrency import thread
from celery.concurrency.base import apply_target

TIMELY_THREADS: Final = 5
"""The number of threads for polling and scheduled commands. Polling always has one of them, because commands
use at most `actions.tasks.TIMED_AT_ONCE`.
"""
MESSAGES_AT_ONCE: Final = 1000
"""The number of messages that a worker with this pool takes before it has finished one. If all threads for
other tasks hang, polling goes on until so many messages wait, which takes minutes.
"""


class TaskPool(thread.TaskPool):
    """Celery's thread pool for other tasks, and a second one for tasks with a queue of their own.

    So timely tasks never wait for others, as in a worker of their own.
    """

    executor: ThreadPoolExecutor

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timely_tasks = frozenset(self.app.conf.task_routes)
        self._timely = ThreadPoolExecutor(max_workers=TIMELY_THREADS)

    def on_apply(
        self,
        target: Any,
        args: Any = None,
        kwargs: Any = None,
        callback: Any = None,
        accept_callback: Any = None,
        **_: Any,
    ) -> Any:
        """Run ``target`` in a thread. The first item of ``args`` is the name of the task."""
        executor = self._timely if args[0] in self._timely_tasks else self.executor
        return thread.ApplyResult(  # type: ignore[attr-defined]
            executor.submit(apply_target, target, args, kwargs, callback, accept_callback)
        )

    def on_stop(self) -> None:
        """Begin no more tasks, and wait for those that run."""
        for executor in (self._timely, self.executor):
            executor.shutdown(wait=False, cancel_futures=True)
        self._timely.shutdown()
        super().on_stop()
