"""Celery tasks of the sync. Each message is only a wake-up, which may be lost, repeated or late.

The database contains what is due. Each task does all due work of its kind, so a lost message only delays the
work until the next beat. The arguments of tasks are ids. Each kind of background work (gap filling, room
refresh, reconciliation, projection of earlier versions) runs in one process at a time.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.conf import settings

from classroom_admin.agora import client_for
from classroom_admin.agora.client import Client
from classroom_admin.common import clock
from classroom_admin.common.broker_errors import BROKER_ERRORS
from classroom_admin.sync import (
    chat_history,
    chat_rooms,
    competing_reader,
    confirmation,
    gap_filling,
    health,
    inbox,
    lease,
    notification_presence,
    notification_rooms,
    projector,
    reconciliation,
    recording_checks,
    registry,
    room_refresh,
)
from classroom_admin.sync.models import SequenceGap
from classroom_admin.sync.polling import Poller, poller_for
from classroom_admin.sync.polling_pace import EARLY_S, NORMAL_S
from classroom_admin.sync.request_limiter import SharedLimiter, in_background
from classroom_admin.sync.room_events import Fetched

log = logging.getLogger(__name__)

PROJECT_IN_POLL_S = 0.2
"""How long (s) the polling worker projects rooms after a cycle. Other workers project the rest."""
FAST_POLLING_S = 2.0
"""How long (s) a task polls fast, unless another message comes meanwhile. Beat sends one every second."""
LONGEST_TASK_S = 600.0
"""How long (s) a task polls while messages come. After it, the next message may come up to a second later."""
PROJECT_IN_TASK_S = 5.0
OUTDATED_IN_TASK_S = 2.0
WAKE_UP_EXPIRES_S = 30
READER_DIED_AFTER = timedelta(seconds=5)
RENEW_EVERY_S = 3.0

_watches: dict[str, lease.Watch] = {}
_busy: dict[str, threading.Lock] = {}
_making = threading.Lock()
_renewed: dict[str, float] = {}


# Acknowledged at its start, because it may last long. RabbitMQ ends a worker that does not acknowledge a
# message within 30 minutes.
@shared_task(name="sync.poll", acks_late=False)
def poll() -> None:
    """Run a polling cycle if it is due. If `AGORA_POLL_SECONDS` is not set, `polling_pace` decides.

    In fast polling, run cycles for `FAST_POLLING_S` seconds, because a message to the worker for each cycle
    would cost more than the cycle. If another message has come meanwhile, go on for up to `LONGEST_TASK_S`.
    Without messages, the task ends, so that its worker can stop.
    """
    cloud = client()
    if cloud is None:
        return
    poller = poller_for(cloud)
    if settings.AGORA_POLL_SECONDS is not None:
        _poll_once(poller)
        return
    pace = poller.pace
    pace.called = True
    ends_at = time.monotonic() + LONGEST_TASK_S
    while pace.called and time.monotonic() < ends_at and pace.busy.acquire(blocking=False):
        try:
            pace.called = False
            _poll_in_time(poller)
        finally:
            pace.busy.release()


def _poll_in_time(poller: Poller) -> None:
    pace = poller.pace
    cycles = 0.0
    while (interval_s := pace.interval_s()) < NORMAL_S and cycles < FAST_POLLING_S / interval_s:
        if (left_s := pace.left_s(interval_s)) > 0:
            time.sleep(left_s)
        pace.begin()
        _poll_once(poller, fast=True)
        cycles += 1
    if cycles:
        return
    if pace.left_s(interval_s) <= EARLY_S:
        pace.begin()
        _poll_once(poller)
    else:
        poller.watch()


def _poll_once(poller: Poller, *, fast: bool = False) -> None:
    """Run one polling cycle if this process gets the lease. Project the new events if there are few."""
    polled = poller.poll(fast=fast)
    if polled is None:
        return
    wake_up_gap_filling(polled.rooms)
    for room_id in project_waiting(within_s=PROJECT_IN_POLL_S):
        if not _wake_up(project_room, room_id):
            break


@shared_task(name="sync.fold_room")
def project_room(room_id: int) -> None:
    projector.project_room(room_id)


@shared_task(name="sync.fold_due")
def project_due() -> None:
    """Project the rooms that are due. Before that, read responses that a worker left unread when it died."""
    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    project_waiting(within_s=PROJECT_IN_TASK_S, skip_locked=True)


@shared_task(name="sync.project_outdated")
def project_outdated(within_s: float = OUTDATED_IN_TASK_S) -> int:
    """Project rooms with an outdated projection version again, the newest first. Return how many.

    Stop after `within_s` seconds, or if new events wait for projection.
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


@shared_task(name="sync.fill_holes")
def fill_gaps() -> Fetched | None:
    """Request the missing events of gaps that are due, and project the new events."""
    return _fetch("gaps", gap_filling.fill_due)


@shared_task(name="sync.sweep")
def reconcile() -> Fetched | None:
    """Request the last events, quizzes and polls of rooms that are due, and project the new events."""

    def work(cloud: Client, *, most: int | None) -> Fetched:
        reconciled = reconciliation.reconcile_due(cloud, most=most)
        competing_reader.judge()
        health.log_changes()
        return reconciled

    return _fetch("reconciliation", work)


@shared_task(name="sync.profiles")
def refresh_rooms() -> Fetched | None:
    """Read the names, schedules, people and recordings of rooms that are due.

    Also find the classes and the people that notifications about channels name.
    """

    def work(cloud: Client, *, most: int | None) -> Fetched:
        found = notification_rooms.find_due(cloud, most=most)
        notification_presence.settle_due()
        left = None if most is None else max(0, most - found.requests)
        found.add(room_refresh.refresh_due(cloud, most=left))
        return found

    return _fetch("room_refresh", work)


@shared_task(name="sync.chat")
def read_chat() -> Fetched | None:
    """Read the hours and chat rooms of Agora Chat that are due. Read at most one hour for each app."""
    return _fetch("chat", lambda cloud, *, most: chat_rooms.read_due(cloud))


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Delete old responses, chat hours, evidence of competing readers and pending confirmations."""
    inbox.prune()
    chat_history.prune()
    competing_reader.prune()
    confirmation.forget_old()


@shared_task(name="sync.check_recordings")
def check_recordings() -> None:
    """Ask the cloud whether it still has the files of some recordings."""
    cloud = client()
    if cloud is None:
        return
    with only_one("recordings") as mine:
        if mine:
            recording_checks.check_due(cloud.config)


def client() -> Client | None:
    """Return a client for the cloud, or None if the settings are incomplete."""
    return None if settings.AGORA.problems() else client_for(settings.AGORA)


@contextmanager
def only_one(kind: str) -> Iterator[bool]:
    """Yield True if no other thread or process is doing this kind of work. Otherwise yield False.

    Requests in the block have a lower priority than commands and polling.
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


def _fetch(kind: str, work: Callable[..., Fetched]) -> Fetched | None:
    """Call `work` with the client and the number of requests that it may plan. Project the new events.

    Return the result of `work`. Return None if another process does this work or the cloud is not set up.
    """
    cloud = client()
    if cloud is None:
        return None
    with only_one(kind) as mine:
        fetched = work(cloud, most=SharedLimiter.of(cloud.config).free_for_background()) if mine else None
    if fetched is not None:
        for room_id in sorted(fetched.rooms):
            projector.project_room(room_id)
    return fetched


def project_waiting(*, within_s: float, skip_locked: bool = False) -> list[int]:
    """Project due rooms for about `within_s` seconds. Return the ids of rooms that still wait.

    The longest-waiting rooms are first. With `skip_locked`, leave out the rooms that another process stores
    or projects now. They stay due. Without it, several workers would wait for each other at the same rooms.
    """
    ends_at = clock.monotonic() + within_s
    rooms = projector.due_rooms()
    done = 0
    for batch in projector.batches(rooms):
        if clock.monotonic() >= ends_at:
            return rooms[done:]
        projector.project_batch(batch, skip_locked=skip_locked)
        done += len(batch)
    return []


def wake_up_gap_filling(rooms: set[int]) -> None:
    """Send a wake-up, so that the events in new gaps are requested immediately."""
    new = SequenceGap.objects.filter(state=SequenceGap.State.OPEN, asks=0, first_asked_at__isnull=True)
    if rooms and new.exists():
        _wake_up(fill_gaps)


def _wake_up(task: Task[Any, Any], *ids: int) -> bool:
    """Send a wake-up. Return False if the broker is unreachable. The work then waits for the next beat."""
    try:
        task.apply_async(args=ids, expires=WAKE_UP_EXPIRES_S, retry=False)
    except BROKER_ERRORS as error:
        log.warning("no wake-up could be sent, the work waits for the next beat: %s", error)
        return False
    return True
