"""Celery tasks of the sync. A message is only a wake-up, which may be lost, repeated or late.

The database knows what is due. Each task does all due work of its kind, so the next beat makes up for a lost
message. Arguments are ids only.
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
"""How long the poll's worker projects rooms; other workers project the rest."""
PROJECT_IN_TASK_S = 5.0
OUTDATED_IN_TASK_S = 2.0
WAKE_UP_EXPIRES_S = 30
READER_DIED_AFTER = timedelta(seconds=5)


@shared_task(name="sync.poll")
def poll() -> None:
    """Run a cycle of the poll if this process gets the lease, then project a small backlog at once."""
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
    """Project the new events of a room."""
    projector.project_room(room_id)


@shared_task(name="sync.fold_due")
def project_due() -> None:
    """Read the answers that a dead worker left unread, and project the rooms that are due."""
    for answer_id in inbox.unread(received_before=clock.now() - READER_DIED_AFTER):
        inbox.read(answer_id)
    background.project_due(within_s=PROJECT_IN_TASK_S)


@shared_task(name="sync.project_outdated")
def project_outdated() -> None:
    """Project the rooms of earlier projection versions again."""
    background.project_outdated(within_s=OUTDATED_IN_TASK_S)


@shared_task(name="sync.fill_holes")
def fill_gaps() -> None:
    """Request the events of sequence gaps that are due."""
    background.fill_gaps()


@shared_task(name="sync.sweep")
def reconcile() -> None:
    """Request the last events, quizzes and polls of rooms that are due."""
    background.reconcile()


@shared_task(name="sync.profiles")
def refresh_rooms() -> None:
    """Read the names, schedules and recordings' files of rooms that are due."""
    background.refresh_rooms()


@shared_task(name="sync.tidy")
def tidy() -> None:
    """Delete old answers, old evidence of competing readers, and old pending confirmations."""
    inbox.prune()
    competing_reader.prune()
    confirmation.forget_old()


def wake_up_gap_filling(rooms: set[int]) -> None:
    """Send a wake-up so that new sequence gaps are requested at once, not at the next beat."""
    new = SequenceGap.objects.filter(state=SequenceGap.State.OPEN, asks=0, first_asked_at__isnull=True)
    if rooms and new.exists():
        _wake_up(fill_gaps)


def _wake_up(task: Task[Any, Any], *ids: int) -> bool:
    """Send a wake-up. Return False if the broker is unreachable; the work then waits for the next beat."""
    try:
        task.apply_async(args=ids, expires=WAKE_UP_EXPIRES_S, retry=False)
    except OperationalError as error:
        log.warning("no wake-up could be sent, the work waits for the next beat: %s", error)
        return False
    return True
