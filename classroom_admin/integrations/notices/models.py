"""Tables of notices, and of what is left to do about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from classroom_admin.common import clock
from classroom_admin.rooms.models import Room


class Notice(models.Model):
    """Something that happened in a class. Rows are only added, once for each occurrence.

    `at` is the cloud time at which it happened. `data` has no personal data: a removal names the primary key
    of the participant. `number` is the id of the notice for the outside. It is made of the class and the
    occurrence. So a restored database that reads the same events again gives a notice the same id.

    - class_started: {"started_at": ISO time}
    - class_ended: {"started_at", "ended_at": ISO time or None}
    - alert_raised: {"alert": one of `rooms.alert_kinds.KINDS`, "since": ISO time}
    - attendance_ready: {"students": count, "complete": False if events of the class are missing}
    - recording_ready: {"recording": primary key, "started_at", "ended_at": ISO time or None}
    - participant_removed: {"participant": primary key}
    """

    class Kind(models.TextChoices):
        CLASS_STARTED = "class_started", "class started"
        CLASS_ENDED = "class_ended", "class ended"
        ALERT_RAISED = "alert_raised", "alert raised"
        ATTENDANCE_READY = "attendance_ready", "attendance ready"
        RECORDING_READY = "recording_ready", "recording ready"
        PARTICIPANT_REMOVED = "participant_removed", "participant removed"

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    found_at = models.DateTimeField(default=clock.now)
    data = models.JSONField(default=dict)
    awaits_attendance = models.BooleanField(
        default=False, help_text="of an ended class whose attendance is not ready yet"
    )

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["at"],
                name="notices_awaits",
                condition=models.Q(awaits_attendance=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"


class OpenAlert(models.Model):
    """An alert of a class that is not over, and for which there is a notice already."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "kind"], name="notices_alert_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} since {self.since:%H:%M}"


class Handover(models.Model):
    """A notice that a receiver (`receivers.receiver`) has not got yet."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="+")
    receiver = models.CharField(max_length=30)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["receiver", "notice"], name="notices_handover_once")
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id} for {self.receiver}"
