"""Turn notices into mails that wait, and plan the weekly summaries.

`delivery` sends them later, and checks again then whether the person may get the mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from classroom_admin.accounts import mail as mails
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common import clock
from classroom_admin.integrations.mail import schedule
from classroom_admin.integrations.mail.choices import who_want
from classroom_admin.integrations.mail.models import Mail, MailItem, MailKind
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.receivers import receiver
from classroom_admin.rooms.access import in_period, own_rooms
from classroom_admin.rooms.models import Participant, Room, Substitution

KINDS: Final = {
    Notice.Kind.RECORDING_READY: MailKind.RECORDING_READY,
    Notice.Kind.ALERT_RAISED: MailKind.ALERT,
}
"""The notices that become mails."""


def register() -> None:
    """Receive notices from now on."""
    receiver("mail")(receive)


def receive(notice_ids: list[int]) -> None:
    """Add notices to the mails of the people whose class it is, and who want them.

    Nothing happens while the dashboard can't send mail. If a notice comes twice, it is added once.
    """
    if not mails.is_set_up():
        return
    wanted = Notice.objects.filter(pk__in=notice_ids, kind__in=KINDS)
    for notice in wanted.select_related("room").order_by("pk"):
        kind = KINDS[Notice.Kind(notice.kind)]
        for person in recipients(notice.room, kind):
            with transaction.atomic():
                _add(notice, person, kind)


def recipients(room: Room, kind: MailKind) -> Iterator[User]:
    """Yield the people who want mails of this kind and whose own class this is: teachers and substitutes.

    People who only see the class, such as administrators, are left out.
    """
    joined = Participant.objects.filter(room=room, was_teacher=True).values("user_uuid")
    taught = CloudIdentity.objects.filter(user_uuid__in=joined).values("user")
    substitutes = Substitution.objects.filter(in_period()).values("teacher")
    near = Q(taught_rooms__room=room) | Q(pk__in=taught) | Q(pk__in=substitutes)
    for person in User.objects.filter(near, who_want(kind)).distinct().order_by("pk"):
        if is_own(person, room):
            yield person


def is_own(person: User, room: Room) -> bool:
    """Return whether the person is active, and teaches the class or is now its substitute."""
    return person.is_active and own_rooms(person, Room.objects.filter(pk=room.pk)).exists()


def _add(notice: Notice, person: User, kind: MailKind) -> None:
    """Add the notice to the mail that gathers notices of the class, or to a new one."""
    # The lock of the account keeps two workers from making two mails.
    User.objects.select_for_update().get(pk=person.pk)
    if MailItem.objects.filter(person=person, notice=notice).exists():
        return
    of_class = Mail.objects.filter(person=person, kind=kind, room=notice.room)
    # The lock of the row keeps a worker from sending the mail before it has this notice.
    open_mail = of_class.select_for_update().filter(state=Mail.State.WAITING, attempts=0).first()
    if open_mail is None:
        last = of_class.order_by("-due_at").values_list("due_at", flat=True).first()
        due = schedule.due_at(clock.now(), last)
        open_mail = Mail.objects.create(
            kind=kind, person=person, room=notice.room, due_at=due, claimable_at=due
        )
    MailItem.objects.create(mail=open_mail, person=person, notice=notice)


def plan_summaries(now: datetime | None = None) -> int:
    """Add the weekly summaries that are due, once for each person and week. Return how many were added."""
    if not mails.is_set_up():
        return 0
    now = now or clock.now()
    recent = (now - timedelta(days=2)).date()
    planned = set(Mail.objects.filter(week__gte=recent).values_list("person", "week"))
    added = 0
    for person in User.objects.filter(who_want(MailKind.WEEKLY_SUMMARY)).order_by("pk"):
        found = schedule.summary_due(now, mails.zone_of(person))
        if found is None or (person.pk, found[0]) in planned:
            continue
        week, due = found
        try:
            with transaction.atomic():
                Mail.objects.create(
                    kind=MailKind.WEEKLY_SUMMARY, person=person, week=week, due_at=due, claimable_at=due
                )
        except IntegrityError:
            continue  # another worker planned it just now
        added += 1
    return added
