"""Tables of outgoing webhooks: where they are sent, what is to be sent, and each attempt."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.random_text import new_key
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.rooms.models import Room


class Endpoint(models.Model):
    """An address that gets notices of some kinds.

    `secret` and `old_secret` are encrypted. Until `old_secret_until`, requests are signed with both.
    `failing_since` is when the first attempt failed after the last success. While `paused_until` is in the
    future, no delivery is tried, because the whole receiver failed `failures` times in a row.
    """

    class Off(models.TextChoices):
        PERSON = "person", "a person switched it off"
        FAILING = "failing", "it failed for too long"

    key = models.CharField(max_length=16, unique=True, default=new_key)
    address = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    kinds = models.JSONField(default=list, help_text="of `Notice.Kind`")
    is_on = models.BooleanField(default=True)
    off_reason = models.CharField(max_length=10, blank=True, choices=Off.choices)
    off_at = models.DateTimeField(null=True)
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    failing_since = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.description or self.shown_address

    @property
    def shown_address(self) -> str:
        """Return the address without its query, which may contain a secret of the receiver."""
        path, mark, _query = self.address.partition("?")
        return f"{path}?…" if mark else path


class Delivery(models.Model):
    """A message for an endpoint: a notice, or a test without one. See `deliveries`.

    `number` is the id of the message (`webhook-id`). It is the same in all attempts. A worker may claim the
    row from `claimable_at`, or never if it is null. `claims` is also the token of the lease. `tries` counts
    the attempts since the message was last queued, at `queued_at`. A message that a person sent again
    (`is_again`) neither waits for earlier messages of its class, nor do later ones wait for it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("webhook", "waiting")
        CLAIMED = "claimed", pgettext_lazy("webhook", "sending")
        DELIVERED = "delivered", pgettext_lazy("webhook", "delivered")
        FAILED = "failed", pgettext_lazy("webhook", "failed")

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    notice = models.ForeignKey(Notice, null=True, on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=clock.now)
    queued_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    claimable_at = models.DateTimeField(null=True, default=clock.now)
    claims = models.IntegerField(default=0)
    tries = models.IntegerField(default=0)
    is_again = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="webhooks_claimable",
                condition=models.Q(claimable_at__isnull=False),
            ),
            models.Index(
                fields=["endpoint", "room", "id"],
                name="webhooks_order",
                condition=models.Q(claimable_at__isnull=False),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhooks_log"),
            models.Index(fields=["changed_at"], name="webhooks_changed"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["endpoint", "number"], name="webhooks_delivery_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.state}"

    @property
    def is_test(self) -> bool:
        return self.notice_id is None


class Attempt(models.Model):
    """An attempt to send a message. `answer` is the beginning of the receiver's answer if it was an error."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    took_ms = models.IntegerField()
    status = models.IntegerField(null=True, help_text="of HTTP; null: no answer")
    answer = models.TextField(blank=True)
    problem = models.JSONField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"attempt at {self.at:%Y-%m-%d %H:%M:%S}: {self.status}"

    @property
    def why(self) -> str:
        """Return why the attempt failed, in the active language, or "" if it succeeded."""
        return stored_in_words(self.problem)


KIND_LABELS = {
    Notice.Kind.CLASS_STARTED: _("Class started"),
    Notice.Kind.CLASS_ENDED: _("Class ended"),
    Notice.Kind.ALERT_RAISED: _("Alert raised"),
    Notice.Kind.ATTENDANCE_READY: _("Attendance ready"),
    Notice.Kind.RECORDING_READY: _("Recording ready"),
    Notice.Kind.PARTICIPANT_REMOVED: _("Participant removed"),
}
