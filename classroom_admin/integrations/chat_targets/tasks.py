"""Celery tasks of chat services. The beat starts them, and the database contains what is due."""

from typing import Final

from celery import shared_task

from classroom_admin.actions import scheduled
from classroom_admin.common.one_thread import OneThread
from classroom_admin.integrations.chat_targets import delivery

SEND: Final = "chat_targets.send"
_one_thread: Final = OneThread()
"""One thread per worker waits for chat services, so that slow ones leave the others for events."""


@shared_task(name=SEND)
def send(_first: int | None = None) -> None:
    """Send the messages that are due."""
    if _one_thread.run(delivery.work):
        scheduled.wake_up(SEND)


@shared_task(name="chat_targets.tidy")
def tidy() -> None:
    """Delete old messages."""
    delivery.tidy()
