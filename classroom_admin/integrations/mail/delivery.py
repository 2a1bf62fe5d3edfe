"""Send the mails that are due. The table `Mail` is the queue, and a message to the worker only a wake-up.

A mail is sent at most once. A worker claims it with a lease, prepares it and opens the connection. Until then
another worker may claim it again. Immediately before the mail is handed to the server, the row gets the
state *sending*. A row that stays there, because the process was killed or the connection ended, is never sent
again: its outcome is unknown. docs/decisions/mail.md says why.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from smtplib import SMTPException
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet

from classroom_admin.accounts import mail as mails
from classroom_admin.common import clock, mail_problems
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.mail import contents, schedule
from classroom_admin.integrations.mail.models import Mail, MailItem

log = logging.getLogger(__name__)

State = Mail.State
LEASE: Final = timedelta(minutes=5)
"""Longer than a mail server may take to accept a mail (`accounts.mail.TIMEOUT_S` for each answer)."""
KEPT_FOR: Final = timedelta(days=30)
WORK_S: Final = 4.0
_TIDY_AT_ONCE: Final = 500


def due() -> QuerySet[Mail]:
    """Return the mails that a worker may claim now, also those of killed workers that sent nothing."""
    return Mail.objects.filter(state__in=(State.WAITING, State.CLAIMED), claimable_at__lte=clock.now())


def work(within_s: float = WORK_S) -> bool:
    """Send due mails through one connection. Return whether more are due.

    No mail is begun after `within_s` seconds, or after the server did not answer.
    """
    end_interrupted()
    ends_at = clock.monotonic() + within_s
    with _connection() as connection:
        while (mail := claim()) is not None:
            if not _deliver(mail, connection):
                return False
            if clock.monotonic() >= ends_at:
                return due().exists()
    return False


def claim() -> Mail | None:
    """Claim and return a due mail, or None. It takes over the notices of other mails about the class."""
    while (pk := due().order_by("claimable_at", "pk").values_list("pk", flat=True).first()) is not None:
        now = clock.now()
        with transaction.atomic():
            claimed = (
                due()
                .filter(pk=pk)
                .update(
                    state=State.CLAIMED, claimable_at=now + LEASE, attempts=F("attempts") + 1, changed_at=now
                )
            )
            if claimed:
                mail = Mail.objects.select_related("person", "room").get(pk=pk)
                _take_over_others(mail)
                return mail
    return None


def end_interrupted() -> int:
    """Set mails aside whose sending was interrupted. Return how many there were."""
    stuck = Mail.objects.filter(state=State.SENDING, claimable_at__lte=clock.now())
    problem = Problem("mail_interrupted").as_json()
    return stuck.update(state=State.UNKNOWN, claimable_at=None, problem=problem, changed_at=clock.now())


def tidy() -> int:
    """Delete mails that were finished `KEPT_FOR` ago. Return how many."""
    old = Mail.objects.filter(claimable_at=None, made_at__lt=clock.now() - KEPT_FOR)
    return Mail.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_TIDY_AT_ONCE])).delete()[0]


def _take_over_others(mail: Mail) -> None:
    """Move the notices of waiting mails of the same kind to this mail, so that a retry is one mail."""
    if mail.room_id is None:
        return
    others = Mail.objects.select_for_update().filter(
        person=mail.person_id, kind=mail.kind, room=mail.room_id, state=State.WAITING
    )
    pks = list(others.values_list("pk", flat=True))
    if pks:
        MailItem.objects.filter(mail__in=pks).update(mail=mail)
        Mail.objects.filter(pk__in=pks).update(state=State.DROPPED, claimable_at=None, changed_at=clock.now())


def _deliver(mail: Mail, connection: BaseEmailBackend) -> bool:
    """Send a claimed mail and store the outcome. Return False if the server does not answer."""
    if not schedule.is_useful(mail.kind, now=clock.now(), due=mail.due_at):
        _settle(mail, state=State.FAILED, claimable_at=None)
        return True
    message = contents.message_for(mail)
    if message is None:
        _settle(mail, state=State.DROPPED, claimable_at=None, problem=None)
        return True
    try:
        connection.open()
    except (SMTPException, OSError) as error:
        connection.close()
        _failed(mail, mail_problems.problem_of(error))
        return False
    if not _settle(mail, state=State.SENDING, claimable_at=clock.now() + LEASE):
        return True  # the lease was lost: another worker has the mail
    return _send(mail, message, connection)


def _send(mail: Mail, message: EmailMultiAlternatives, connection: BaseEmailBackend) -> bool:
    try:
        connection.send_messages([message])
    except (SMTPException, OSError) as error:
        problem = mail_problems.problem_of(error)
        connection.close()  # some servers end it after a refusal
        if mail_problems.is_refusal(error):
            _failed(mail, problem)
            return True
        log.warning("the outcome of mail %d is unknown: %s", mail.pk, problem)
        _settle(mail, state=State.UNKNOWN, claimable_at=None, problem=Problem("mail_interrupted").as_json())
        return False
    _settle(mail, state=State.SENT, claimable_at=None, problem=None)
    return True


def _failed(mail: Mail, problem: Problem) -> None:
    """Try the mail again later, unless the server refuses it for ever or it would be too late."""
    at = schedule.retry_at(mail.kind, now=clock.now(), due=mail.due_at, attempts=mail.attempts)
    at = None if mail_problems.is_permanent(problem) else at
    log.warning("mail %d was not sent: %s", mail.pk, problem.code)
    state = State.FAILED if at is None else State.WAITING
    _settle(mail, state=state, claimable_at=at, problem=problem.as_json())


def _settle(mail: Mail, **values: Any) -> bool:
    """Store the outcome, unless another worker has claimed the mail since."""
    own = Mail.objects.filter(Q(state=State.CLAIMED) | Q(state=State.SENDING), pk=mail.pk)
    return bool(own.filter(attempts=mail.attempts).update(changed_at=clock.now(), **values))


@contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    connection = mails.connection()
    try:
        yield connection
    finally:
        connection.close()
