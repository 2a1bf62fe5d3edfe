"""Celery tasks. A message is a hint that may be lost, doubled or late: what is due stands in the database.

Arguments are ids only. Each task takes up what it finds due, so a missed one is made good by the next beat.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from classroom_admin.common import clock
from classroom_admin.sync import background, competing_reader, confirmation, inbox, projector
from classroom_admin.sync.models import Hole
from classroom_admin.sync.polling import poller_for

log = logging.getLogger(__name__)

FOLD_IN_POLL_S = 0.2
"""So long the poll's own worker folds; the rest goes to the others."""
FOLD_IN_TASK_S = 5.0
HINT_EXPIRES_S = 30
READER_DIED_AFTER = timedelta(seconds=5)


@shared_task(name="sync.poll")
def poll() -> None:
    """One cycle of the poll, if the lease is ours, and the folding of a small backlog right away."""
    client = background.client()
    if client is None:
        return
    polled = poller_for(client).poll()
    if polled is None:
        return
    hint_holes(polled.rooms)
    for room_id in background.fold_due(within_s=FOLD_IN_POLL_S):
        if not _hint(fold_room, room_id):
            break


@shared_task(name="sync.fold_room")
def fold_room(room_id: int) -> None:
    """Fold what is new in a room."""
    projector.fold_room(room_id)


@shared_task(name="sync.fold_due")
def fold_due() -> None:
    """Read and fold what a lost hint or a dead worker left behind."""
    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    background.fold_due(within_s=FOLD_IN_TASK_S)


@shared_task(name="sync.fill_holes")
def fill_holes() -> None:
    """Ask for what is missing."""
    background.fill_holes()


@shared_task(name="sync.sweep")
def sweep() -> None:
    """Ask rooms for their ends, their quizzes and their polls."""
    background.sweep()


@shared_task(name="sync.profiles")
def profiles() -> None:
    """Read back names, plans and recordings' files."""
    background.read_back()


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Let go of what is old: bytes of answers, evidence, commands that no event ever confirmed."""
    inbox.prune()
    competing_reader.prune()
    confirmation.forget_old()


def hint_holes(rooms: set[int]) -> None:
    """Have new holes asked for at once instead of at the next beat."""
    if rooms and Hole.objects.filter(state=Hole.State.OPEN, asks=0, first_asked_at__isnull=True).exists():
        _hint(fill_holes)


def _hint(task: Task[Any, Any], *ids: int) -> bool:
    """Send a hint; False where the broker is away, which costs time but nothing else."""
    try:
        task.apply_async(args=ids, expires=HINT_EXPIRES_S, retry=False)
    except OperationalError as error:
        log.warning("no hint could be sent, the beat will make it good: %s", error)
        return False
    return True
