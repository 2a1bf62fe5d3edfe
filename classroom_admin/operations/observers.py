"""Measure Celery tasks and calls to the cloud in this process."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from celery.signals import before_task_publish, task_postrun, task_prerun

from classroom_admin import agora
from classroom_admin.common import metrics

SENT_MS: Final = "sent_ms"
"""The header of a message with the time (ms since 1970 UTC) when it was sent."""
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")


def connect() -> None:
    """Measure from now on."""
    before_task_publish.connect(_stamp)
    task_prerun.connect(_begin)
    task_postrun.connect(_end)
    agora.use_observer(_cloud_call)


def _stamp(headers: dict[str, Any], **_: Any) -> None:
    headers[SENT_MS] = time.time_ns() // 1_000_000


def _begin(task: Any, **_: Any) -> None:
    metrics.begin()
    request = task.request
    request.began_s = time.monotonic()
    sent_ms = request.get(SENT_MS)
    # A delayed message waits by intention.
    if isinstance(sent_ms, int) and not request.eta:
        queue = (request.delivery_info or {}).get("routing_key") or "none"
        metrics.task_waited(queue, time.time() - sent_ms / 1000)


def _end(task: Any, state: str | None, **_: Any) -> None:
    began_s = task.request.get("began_s")
    if began_s is not None:
        metrics.task(task.name, (state or "unknown").lower(), time.monotonic() - began_s)


def _cloud_call(call: str, failed: str, seconds: float) -> None:
    metrics.cloud_call(call, in_words(failed) if failed else "ok", seconds)


def in_words(name: str) -> str:
    """Return the name of a class in the style of labels: `rate_limited` for `RateLimited`."""
    return _CAPITAL.sub("_", name).lower()
