"""Tables of the mails that people chose, and of the mails that wait or were sent."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from classroom_admin.common import clock
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import Room


class MailKind(models.TextChoices):
    """A kind of mail that a person can choose. The values are the columns of `MailChoices`."""

    WEEKLY_SUMMARY = "weekly_summary", _("Weekly summary")
    RECORDING_READY = "recording_ready", _("A recording is ready")
    ALERT = "alert", _("Your class has an alert")


class MailChoices(models.Model):
    """The mails that a person wants. A person without a row has the defaults of the columns."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices"
    )
    weekly_summary = models.BooleanField(default=False, db_default=False)
    recording_ready = models.BooleanField(default=True, db_default=True)
    alert = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"mails of {self.person_id}"


class Mail(models.Model):
    """A mail to one person. `delivery` sends it.

    A worker may claim the row from `claimable_at` on, or never if it is null. `due_at` is when the mail was
    planned. `week` is the Monday on which a weekly summary is sent. Other mails are about `room`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CLAIMED = "claimed", "in progress"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        DROPPED = "dropped", "no longer needed"
        FAILED = "failed", "failed"
        UNKNOWN = "unknown", "outcome unknown"

    kind = models.CharField(max_length=20, choices=MailKind.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="+")
    week = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    claimable_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0, help_text="also the token of the claim")
    problem = models.JSONField(null=True, help_text="why the last attempt failed")
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["person", "week"],
                name="notice_mail_week_once",
                condition=models.Q(week__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "room"],
                name="notice_mail_gathers_once",
                condition=models.Q(state="waiting", attempts=0, room__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="notice_mail_claimable",
                condition=models.Q(claimable_at__isnull=False),
            ),
            models.Index(fields=["made_at"], name="notice_mail_made"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.person_id}: {self.state}"


class MailItem(models.Model):
    """A notice in a mail. A person gets each notice in at most one mail."""

    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, related_name="items")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "notice"], name="notice_mail_item_once")
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id} in mail {self.mail_id}"
