"""Celery tasks of mails. The beat starts them, and the database contains what is due."""

from typing import Final

from celery import shared_task

from classroom_admin.accounts import mail as mails
from classroom_admin.actions import scheduled
from classroom_admin.common.one_thread import OneThread
from classroom_admin.integrations.mail import delivery, receiving

SEND: Final = "mail.send"
_one_thread: Final = OneThread()
"""One thread per worker waits for the mail server, so that a slow server leaves the others for events."""


@shared_task(name=SEND)
def send(_first: int | None = None) -> None:
    """Send the mails that are due."""
    if mails.is_set_up() and _one_thread.run(delivery.work):
        scheduled.wake_up(SEND)


@shared_task(name="mail.plan_summaries")
def plan_summaries() -> None:
    """Plan the weekly summaries that are due, and delete old rows."""
    receiving.plan_summaries()
    delivery.tidy()
