"""The queue of removals to come. The database is the queue; what Celery sends is only a hint."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import Room


class PlannedRemoval(models.Model):
    """Somebody is to be removed at `due_at` (our clock). `state` only goes forward from *waiting*.

    `span` holds the arguments of `participants.remove_participant` that say for how long. `taken_at`: when a
    worker took it up; one that is taken and never ended is taken up again (see `carrying_out`).
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        TAKEN = "taken", "taken"
        DONE = "done", "done"
        CALLED_OFF = "called_off", "called off"
        NOT_DONE = "not_done", "not done"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="planned_removals")
    user_uuid = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    span = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    taken_at = models.DateTimeField(null=True)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        app_label = "actions"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "due_at"], name="actions_removal_due"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["room", "user_uuid"],
                condition=models.Q(state__in=("waiting", "taken")),
                name="actions_removal_once",
            )
        ]

    def __str__(self) -> str:
        return self.name or "Unnamed"
