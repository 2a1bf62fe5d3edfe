"""Celery tasks. A message is a wake-up that may be lost, doubled or late: what is due is in the database.

Arguments are ids only. Each task does what it finds due, so the next beat makes up for a missed one.
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

PROJECT_IN_POLL_S = 0.2
"""How long the poll's own worker projects; other workers get the rest."""
PROJECT_IN_TASK_S = 5.0
OUTDATED_IN_TASK_S = 2.0
HINT_EXPIRES_S = 30
READER_DIED_AFTER = timedelta(seconds=5)


@shared_task(name="sync.poll")
def poll() -> None:
    """Run one cycle of the poll, if the lease is ours, and project a small backlog right away."""
    client = background.client()
    if client is None:
        return
    polled = poller_for(client).poll()
    if polled is None:
        return
    hint_holes(polled.rooms)
    for room_id in background.project_due(within_s=PROJECT_IN_POLL_S):
        if not _hint(project_room, room_id):
            break


@shared_task(name="sync.fold_room")
def project_room(room_id: int) -> None:
    """Project what is new in a room."""
    projector.project_room(room_id)


@shared_task(name="sync.fold_due")
def project_due() -> None:
    """Read and project what a lost wake-up or a dead worker left behind."""
    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    background.project_due(within_s=PROJECT_IN_TASK_S)


@shared_task(name="sync.project_outdated")
def project_outdated() -> None:
    """Project rooms again that an earlier projection version made."""
    background.project_outdated(within_s=OUTDATED_IN_TASK_S)


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
