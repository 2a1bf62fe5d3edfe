"""Count and measure what this process does, for Prometheus. `docs/monitoring.md` describes every metric.

A process counts nothing until it calls `begin`. The labels have few values: names of routes, calls and tasks,
never a room, a person or a path.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from django.conf import settings

if TYPE_CHECKING:
    from classroom_admin.common.metric_files import MetricFiles

log = logging.getLogger(__name__)

PREFIX: Final = "classroom_admin_"
Page = Literal["class", "list"]
_begun: _Instruments | None = None
_failed = False
_beginning: Final = threading.Lock()
_REQUEST_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CALL_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_TASK_S: Final = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30)
_DELAY_S: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def is_on() -> bool:
    """Return whether this installation has metrics."""
    return settings.METRICS_FOLDER is not None


def begin() -> None:
    """Count in this process from now on, if the installation has metrics. Later calls do nothing."""
    global _begun, _failed
    if _begun is not None or _failed or not is_on():
        return
    with _beginning:
        if _begun is None:
            try:
                files().begin()
            except OSError as error:
                log.warning("this process counts nothing for /metrics: %s", error)
                _failed = True
                return
            _begun = _Instruments()


def files() -> MetricFiles:
    """Return the files of this machine's metrics. Call this only if `is_on`."""
    from classroom_admin.common.metric_files import MetricFiles

    assert settings.METRICS_FOLDER is not None
    return MetricFiles(settings.METRICS_FOLDER)


def request(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request that Django answered. `seconds` is the time until the answer began."""
    if _begun is not None:
        _begun.child(_begun.requests, route, method, str(status)).inc()
        _begun.child(_begun.request_s, route).observe(seconds)


def unchanged_page() -> None:
    """Count a request of a polling page whose class did not change, answered without Django.

    Such a request takes so little time that even writing the count would be noticed. `write_counts` does it.
    """
    if _begun is not None:
        _begun.unchanged_pages += 1


def write_counts() -> None:
    """Write what `unchanged_page` counted. The hub calls this every second."""
    if _begun is not None and _begun.unchanged_pages:
        _begun.unchanged.inc(_begun.unchanged_pages)
        _begun.unchanged_pages = 0


def cloud_call(call: str, result: str, seconds: float) -> None:
    """Count a call to the cloud with all its attempts. `result` is "ok" or the kind of error."""
    if _begun is not None:
        _begun.child(_begun.calls, call, result).inc()
        _begun.child(_begun.call_s, call).observe(seconds)


def task(name: str, result: str, seconds: float) -> None:
    """Count a Celery task. `result` is its final state, such as "success"."""
    if _begun is not None:
        _begun.child(_begun.tasks, name, result).inc()
        _begun.child(_begun.task_s, name).observe(seconds)


def task_waited(queue: str, seconds: float) -> None:
    """Measure the time from a message to the start of its task."""
    if _begun is not None:
        _begun.child(_begun.task_wait_s, queue).observe(max(0.0, seconds))


def event_stored(seconds: float) -> None:
    """Measure the time from an event at the cloud, the oldest of a response and a class, to its commit."""
    if _begun is not None:
        _begun.stored_s.observe(max(0.0, seconds))


def event_projected(seconds: float) -> None:
    """Measure the time from the receipt of the oldest event of a projection to its commit."""
    if _begun is not None:
        _begun.projected_s.observe(max(0.0, seconds))


def event_pushed(seconds: float) -> None:
    """Measure the time from the last event of a class, at the cloud, until open pages got it."""
    if _begun is not None:
        _begun.pushed_s.observe(max(0.0, seconds))


def counts_here() -> bool:
    """Return whether this process counts. Callers ask if measuring needs work."""
    return _begun is not None


def subscriber(page: Page, change: int) -> None:
    """Count an open stream that began (1) or ended (-1)."""
    if _begun is not None:
        _begun.child(_begun.subscribers, page).inc(change)


def rendering(page: Page, count: int = 1) -> None:
    """Count fragments that were rendered for open pages."""
    if _begun is not None:
        _begun.child(_begun.renderings, page).inc(count)


class _Instruments:
    """The metrics of this process. `child` finds the one with these labels faster than `labels` does."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._children: dict[tuple[Any, ...], Any] = {}
        self.unchanged_pages = 0
        registry = CollectorRegistry()

        def made(kind: Callable[..., Any], name: str, help_text: str, *labels: str, **more: Any) -> Any:
            return kind(PREFIX + name, help_text, labels, registry=registry, **more)

        self.requests = made(Counter, "http_requests", "Requests that Django answered", *_OF_REQUEST)
        self.request_s = made(
            Histogram, "http_request_seconds", "Time to the answer", "route", buckets=_REQUEST_S
        )
        self.unchanged = made(Counter, "unchanged_pages", "Polling pages that were current")
        self.calls = made(Counter, "cloud_calls", "Calls to the cloud", "call", "result")
        self.call_s = made(Histogram, "cloud_call_seconds", "Time of a call", "call", buckets=_CALL_S)
        self.tasks = made(Counter, "tasks", "Celery tasks", "task", "result")
        self.task_s = made(Histogram, "task_seconds", "Time of a task", "task", buckets=_TASK_S)
        self.task_wait_s = made(
            Histogram, "task_wait_seconds", "Time from a message to its task", "queue", buckets=_DELAY_S
        )
        self.stored_s = made(
            Histogram, "event_stored_seconds", "From the cloud to our inbox", buckets=_DELAY_S
        )
        self.projected_s = made(
            Histogram, "event_projected_seconds", "From our inbox to the pages' data", buckets=_DELAY_S
        )
        self.pushed_s = made(
            Histogram, "event_pushed_seconds", "From the cloud to open pages", buckets=_DELAY_S
        )
        self.subscribers = made(
            Gauge, "subscribers", "Open pages with a stream", "page", multiprocess_mode="livesum"
        )
        self.renderings = made(Counter, "renderings", "Fragments rendered for open pages", "page")

    def child(self, metric: Any, *labels: str) -> Any:
        key = (metric, *labels)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = metric.labels(*labels)
        return found


_OF_REQUEST: Final = ("route", "method", "status")
