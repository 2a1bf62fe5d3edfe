"""Mails by choice that were not sent: which there are, and send one again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import scheduled
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.integrations.mail.models import Mail
from classroom_admin.integrations.mail.tasks import SEND

State = Mail.State


def failures() -> QuerySet[Mail]:
    """Return the mails that are not tried any more, the last one first. `delivery.tidy` deletes old ones."""
    found = Mail.objects.filter(state__in=(State.FAILED, State.UNKNOWN))
    return found.select_related("person", "room").order_by("-changed_at", "-pk")


def send_again(*, actor: User, mail: Mail) -> None:
    """Send a failed mail again soon. Raise ``ActionRefused`` if it waits to be sent or was sent by now."""
    permissions.require(actor, Permission.SETTINGS)
    now = clock.now()
    with transaction.atomic():
        again = failures().filter(pk=mail.pk).order_by()
        if not again.update(state=State.WAITING, due_at=now, claimable_at=now, changed_at=now):
            raise ActionRefused(gettext("This mail is being sent already."))
        record.done(
            actor=actor,
            action="mail.again",
            target=mail.person.email,
            target_name=str(mail.person),
            params={"kind": mail.kind},
        )
    scheduled.wake_up(SEND)
