"""Runs: one command for many classes. The rows are the queue; a message only says that there is work."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from classroom_admin.actions.bulk.plan import Skip, What
from classroom_admin.actions.reasons import Reasoned
from classroom_admin.audit.models import Entry
from classroom_admin.common.random_text import new_key
from classroom_admin.rooms.models import Room


class BulkRun(models.Model):
    """`key` is its address. `token` comes from the form, so that a form sent twice makes one run."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    token = models.CharField(max_length=64, unique=True)
    what = models.CharField(max_length=10, choices=What.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, help_text="null: there is work left")

    class Meta:
        app_label = "actions"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["by", "-id"], name="actions_run_by"),
            models.Index(
                fields=["id"], name="actions_run_open", condition=models.Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} ({self.key})"


class BulkItem(Reasoned):
    """One class of a run.

    waiting → running → done, failed or skipped; failed → waiting again by a retry. Who changes `state` from
    waiting to running, by a conditional update, carries it out: nobody else does, until `claimed_at` is too
    long ago for that one to live. The reason says why it failed before the cloud was asked.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        SKIPPED = "skipped", "skipped"

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    skip = models.CharField(max_length=20, choices=Skip.choices, blank=True)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    tries = models.IntegerField(default=0, help_text="how often somebody has taken it up")
    claimed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        app_label = "actions"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "room"], name="actions_item_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["run", "state", "id"], name="actions_item_next"),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.room}"
