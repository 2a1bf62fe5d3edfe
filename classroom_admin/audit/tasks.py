"""Celery tasks of the audit log. Each message is only a wake-up, which may be lost, repeated or late."""

import logging
from datetime import timedelta
from typing import Final

from celery import shared_task

from classroom_admin.audit import chain, verification
from classroom_admin.audit.models import Checkpoint
from classroom_admin.common import clock

log = logging.getLogger(__name__)

VERIFY_EVERY: Final = timedelta(hours=20)


@shared_task(name="audit.link")
def link() -> None:
    """Add new records to the chain."""
    while chain.link_new() >= chain.MOST:
        pass


@shared_task(name="audit.verify")
def verify() -> None:
    """Verify the whole chain once a day. Store a signed checkpoint, and log a problem as an error."""
    last = Checkpoint.newest(Checkpoint.Kind.VERIFIED)
    if last is not None and last.at > clock.now() - VERIFY_EVERY:
        return
    while chain.link_new(everything=True):
        pass
    report = verification.verify()
    verification.keep(report)
    if report.problem is not None:
        log.error("the audit log is not intact: %s", report.problem)
    else:
        log.info("the audit log is intact up to link %d with hash %s", report.last, report.last_hash)
