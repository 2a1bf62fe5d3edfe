"""Background work, by one process at a time: sequence gaps, room refresh, reconciliation, projection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

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

_watches: dict[str, lease.Watch] = {}
_busy: dict[str, threading.Lock] = {}
_making = threading.Lock()
_renewed: dict[str, float] = {}
RENEW_EVERY_S = 3.0


def client() -> Client | None:
    """The client for the cloud of the settings; None while these are not complete (`serve` says what is
    missing).
    """
    return None if settings.AGORA.problems() else client_for(settings.AGORA)


@contextmanager
def only_one(kind: str) -> Iterator[bool]:
    """True for one process, and one thread of it, at a time; the others have nothing to do.

    What the block asks of the cloud comes after people's commands and the poll.
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


def fill_holes() -> gap_filling.Filled | None:
    """Ask for the sequence gaps that are due and project what came. None: another does, or no cloud is set
    up.
    """
    cloud = client()
    if cloud is None:
        return None
    with only_one("holes") as mine:
        if not mine:
            return None
        filled = gap_filling.fill_due(cloud, most=cloud.transport.limiter.free_for_background())
    project(filled.rooms)
    return filled


def sweep() -> reconciliation.Swept | None:
    """Reconcile the streams that are due and project what came. None: another does, or no cloud is set up."""
    cloud = client()
    if cloud is None:
        return None
    with only_one("sweep") as mine:
        if not mine:
            return None
        swept = reconciliation.sweep_due(cloud, most=cloud.transport.limiter.free_for_background())
        competing_reader.judge()
        health.tell_the_log()
    project(swept.rooms)
    return swept


def read_back() -> room_refresh.ReadBack | None:
    """Read back the rooms that are due. None: another is at it, or no cloud is set up."""
    cloud = client()
    if cloud is None:
        return None
    with only_one("profiles") as mine:
        return (
            room_refresh.read_back_due(cloud, most=cloud.transport.limiter.free_for_background())
            if mine
            else None
        )


def project(room_ids: set[int]) -> int:
    """Project these rooms; return how many events were projected."""
    return sum(projector.project_room(room_id).events for room_id in sorted(room_ids))


def project_due(*, within_s: float) -> list[int]:
    """Project what is due, the longest waiting first, for so long at most; return the rooms that are left."""
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
    """Project rooms again that an earlier projection version made, the newest first; return how many.

    One room a transaction: its pages show the old rows until then. Stops after `within_s`, and after any room
    when new events wait, which come first.
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
