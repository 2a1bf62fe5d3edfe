"""Background work: gap filling, room refresh, reconciliation, projection. Each kind runs in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings

from classroom_admin.agora import client_for
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.sync import (
    competing_reader,
    gap_filling,
    health,
    lease,
    projector,
    reconciliation,
    registry,
    room_refresh,
)
from classroom_admin.sync.request_limiter import in_background
from classroom_admin.sync.room_events import Fetched

T = TypeVar("T")

_watches: dict[str, lease.Watch] = {}
_busy: dict[str, threading.Lock] = {}
_making = threading.Lock()
_renewed: dict[str, float] = {}
RENEW_EVERY_S = 3.0


def client() -> Client | None:
    """Return the client for the cloud in the settings; None if the settings are incomplete."""
    return None if settings.AGORA.problems() else client_for(settings.AGORA)


@contextmanager
def only_one(kind: str) -> Iterator[bool]:
    """Yield True if no other thread or process does this kind of work now, else False.

    Requests in the block have a lower priority than people's commands and the poll.
    """
    name = f"{settings.AGORA.app_id}:{kind}"
    with _making:
        busy = _busy.setdefault(name, threading.Lock())
        watch = _watches.setdefault(name, lease.Watch())
    if not busy.acquire(blocking=False):
        yield False
        return
    try:
        held = lease.take(app_id=name, owner=lease.this_process(), watch=watch)
        if held is not None and clock.monotonic() - _renewed.get(name, float("-inf")) > RENEW_EVERY_S:
            lease.renew(held)
            _renewed[name] = clock.monotonic()
        with in_background():
            yield held is not None
    finally:
        busy.release()


def _run(kind: str, work: Callable[[Client, int | None], T]) -> T | None:
    """Call `work` with the client and the number of requests that it may plan; return its result.

    Return None if another process does this work or the cloud is not set up.
    """
    cloud = client()
    if cloud is None:
        return None
    with only_one(kind) as mine:
        return work(cloud, cloud.transport.limiter.free_for_background()) if mine else None


def fill_gaps() -> Fetched | None:
    """Request the events of sequence gaps that are due, and project the new events."""
    filled = _run("gaps", lambda cloud, most: gap_filling.fill_due(cloud, most=most))
    if filled is not None:
        project(filled.rooms)
    return filled


def reconcile() -> Fetched | None:
    """Reconcile the streams that are due and project the new events."""

    def work(cloud: Client, most: int | None) -> Fetched:
        reconciled = reconciliation.reconcile_due(cloud, most=most)
        competing_reader.judge()
        health.log_changes()
        return reconciled

    reconciled = _run("reconciliation", work)
    if reconciled is not None:
        project(reconciled.rooms)
    return reconciled


def refresh_rooms() -> room_refresh.Refreshed | None:
    """Refresh the rooms that are due."""
    return _run("room_refresh", lambda cloud, most: room_refresh.refresh_due(cloud, most=most))


def project(room_ids: set[int]) -> int:
    """Project these rooms; return how many events were projected."""
    return sum(projector.project_room(room_id).events for room_id in sorted(room_ids))


def project_due(*, within_s: float) -> list[int]:
    """Project due rooms for about `within_s` seconds, the longest-waiting first.

    Return the ids of the rooms that were not projected.
    """
    ends_at = clock.monotonic() + within_s
    rooms = projector.due_rooms()
    done = 0
    for batch in projector.batches(rooms):
        if clock.monotonic() >= ends_at:
            return rooms[done:]
        projector.project_batch(batch)
        done += len(batch)
    return []


def project_outdated(*, within_s: float) -> int:
    """Project the rooms of earlier projection versions again, the newest first; return how many.

    Each room has its own transaction, and its pages show the old rows until the commit. Stop after `within_s`
    seconds, or after any room if new events wait for projection.
    """
    done = 0
    with only_one("projection") as mine:
        ends_at = clock.monotonic() + within_s
        while mine and (room_id := projector.outdated_room()) is not None:
            registry.adopt([room_id])
            projector.project_again(room_id)
            done += 1
            if clock.monotonic() >= ends_at or projector.due_rooms(limit=1):
                break
    return done
