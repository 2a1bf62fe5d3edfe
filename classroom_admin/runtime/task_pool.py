"""The threads of a worker that runs all tasks: some only for those that are due at an exact second."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from celery.concurrency import thread

TIMELY_THREADS: Final = 5
"""The number of threads for polling and scheduled commands. Polling always has one of them, because commands
use at most `actions.tasks.TIMED_AT_ONCE`.
"""


class TaskPool(thread.TaskPool):
    """Celery's thread pool for other tasks, and a second one for tasks with a queue of their own.

    So timely tasks never wait for others, as in a worker of their own. A worker with this pool takes all
    messages at once (`prefetch_multiplier=0`), or timely ones would wait behind others in the broker.
    """

    executor: ThreadPoolExecutor
    """The threads for the task that comes next."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timely_tasks = frozenset(self.app.conf.task_routes)
        self._timely = ThreadPoolExecutor(max_workers=TIMELY_THREADS)
        self._others = self.executor

    def on_apply(self, target: Any, args: Any = None, *rest: Any, **options: Any) -> Any:
        """Run ``target`` in a thread. The first item of ``args`` is the name of the task."""
        self.executor = self._timely if args[0] in self._timely_tasks else self._others
        return super().on_apply(target, args, *rest, **options)

    def on_stop(self) -> None:
        self._timely.shutdown(cancel_futures=True)
        self.executor = self._others
        super().on_stop()
