"""Celery tasks. A message is a wake-up that may be lost, doubled or late: what is due is in the database.

Arguments are ids only. Each task does all that is due, so the next beat makes up for a lost message.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from kombu.exceptions import OperationalError

from classroom_admin.common import clock
from classroom_admin.sync import background, competing_reader, confirmation, inbox, projector
from classroom_admin.sync.models import SequenceGap
from classroom_admin.sync.polling import poller_for

log = logging.getLogger(__name__)

PROJECT_IN_POLL_S = 0.2
"""How long the poll's own worker projects; other workers get the rest."""
PROJECT_IN_TASK_S = 5.0
OUTDATED_IN_TASK_S = 2.0
WAKE_UP_EXPIRES_S = 30
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
    wake_up_gap_filling(polled.rooms)
    for room_id in background.project_due(within_s=PROJECT_IN_POLL_S):
        if not _wake_up(project_room, room_id):
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
def fill_gaps() -> None:
    """Request the events of sequence gaps."""
    background.fill_gaps()


@shared_task(name="sync.sweep")
def reconcile() -> None:
    """Request the last events, quizzes and polls of rooms."""
    background.reconcile()


@shared_task(name="sync.profiles")
def refresh_rooms() -> None:
    """Read names, plans and recordings' files of rooms."""
    background.refresh_rooms()


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Delete what is old: answers, evidence, pending confirmations."""
    inbox.prune()
    competing_reader.prune()
    confirmation.forget_old()


def wake_up_gap_filling(rooms: set[int]) -> None:
    """Have new sequence gaps requested at once instead of at the next beat."""
    new = SequenceGap.objects.filter(state=SequenceGap.State.OPEN, asks=0, first_asked_at__isnull=True)
    if rooms and new.exists():
        _wake_up(fill_gaps)


def _wake_up(task: Task[Any, Any], *ids: int) -> bool:
    """Send a wake-up. False where the broker is away: the work then waits for the next beat."""
    try:
        task.apply_async(args=ids, expires=WAKE_UP_EXPIRES_S, retry=False)
    except OperationalError as error:
        log.warning("no wake-up could be sent, the work waits for the next beat: %s", error)
        return False
    return True
