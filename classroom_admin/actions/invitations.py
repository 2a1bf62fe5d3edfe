"""Mail invitations to new people, with a link to choose a password. A worker sends them one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import translation

from classroom_admin.accounts import password_links
from classroom_admin.accounts.models import User
from classroom_admin.actions import scheduled
from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.actions.scheduled import Kind, Outcome, State
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem

MOST_ATTEMPTS: Final = 8
"""Together, the attempts last about two hours."""
_FIRST_RETRY_S: Final = 60


def schedule(person: User, *, by: User) -> None:
    """Invite the person after the transaction commits. The mail is in the language of `by`."""
    now = clock.now()
    ScheduledCommand.objects.create(
        kind=Kind.INVITATION,
        by=by,
        key=str(person.pk),
        payload={"person": person.pk, "language": translation.get_language() or ""},
        due_at=now,
        claimable_at=now,
    )
    scheduled.wake_up(scheduled.RUN_LONG)


@scheduled.handler(Kind.INVITATION)
def invite(command: ScheduledCommand) -> Outcome:
    """Mail a new link to the person, unless they have chosen a password or were deactivated since."""
    person = User.objects.filter(pk=command.payload["person"], is_active=True).first()
    if person is None or person.has_usable_password():
        return Outcome(state=State.CANCELLED)
    with translation.override(command.payload["language"] or None):
        is_sent = password_links.send(person, password_links.create(person))
    if is_sent:
        return Outcome(state=State.DONE, record=lambda: _record(command.by, person))
    problem = Problem("mail_not_sent")
    if command.attempts < MOST_ATTEMPTS:
        wait = timedelta(seconds=_FIRST_RETRY_S * 2 ** (command.attempts - 1))
        return Outcome(state=State.FAILED, problem=problem, retry_at=clock.now() + wait)
    return Outcome(state=State.FAILED, problem=problem, record=lambda: _record(command.by, person, problem))


def _record(actor: User, person: User, problem: Problem | None = None) -> None:
    record.done(
        actor=actor,
        action="account.invite",
        target=person.email,
        target_name=str(person),
        problem=problem,
    )
