"""Tables of chat services, and of the messages to them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.random_text import new_key
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import ClassList


class Service(models.TextChoices):
    """A chat service. `services` knows how to reach each of them."""

    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    MATRIX = "matrix", "Matrix"
    NTFY = "ntfy", "ntfy"


class ChatTarget(models.Model):
    """A channel, room or topic of a chat service that gets messages about notices.

    `secret` is encrypted JSON: {"address", "token"}. It is never shown again; `host` is shown instead.
    `kinds` has the values of `Notice.Kind` that it gets. With `only_list`, it gets only those of classes with
    `class_list`, or none at all if this list was deleted.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key)
    name = models.CharField(max_length=60)
    service = models.CharField(max_length=10, choices=Service.choices)
    secret = models.TextField()
    host = models.CharField(max_length=255)
    kinds = models.JSONField(default=list)
    only_list = models.BooleanField(default=False)
    class_list = models.ForeignKey(ClassList, null=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=16, default=settings.LANGUAGE_CODE)
    is_on = models.BooleanField(default=True)
    made_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True, help_text="when a message last arrived")
    failed_at = models.DateTimeField(null=True, help_text="when the last attempt failed; null: it did not")
    problem = models.JSONField(null=True, help_text="why the last attempt failed")

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def why(self) -> str:
        """Return why the last attempt failed, in the active language, or "" if it did not."""
        return stored_in_words(self.problem)


class ChatMessage(models.Model):
    """A notice for a target. `delivery` sends it, with the other notices of the class that wait.

    A worker may claim the row from `claimable_at` on, or never if it is null.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("message", "waiting")
        CLAIMED = "claimed", pgettext_lazy("message", "in progress")
        SENT = "sent", pgettext_lazy("message", "sent")
        FAILED = "failed", pgettext_lazy("message", "failed")

    target = models.ForeignKey(ChatTarget, on_delete=models.CASCADE, related_name="messages")
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claimable_at = models.DateTimeField(null=True, default=clock.now)
    attempts = models.IntegerField(default=0, help_text="also the token of the claim")
    problem = models.JSONField(null=True, help_text="why the last attempt failed")
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["target", "notice"], name="chat_targets_notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="chat_targets_claimable",
                condition=models.Q(claimable_at__isnull=False),
            ),
            models.Index(fields=["target", "-id"], name="chat_targets_of_target"),
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id} for {self.target_id}: {self.state}"

    @property
    def why(self) -> str:
        """Return why the last attempt failed, in the active language, or "" if it did not."""
        return stored_in_words(self.problem)
