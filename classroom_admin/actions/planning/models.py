"""Classes that are planned ahead. The database is the queue: what is due stands here, a task is a hint."""

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.actions.reasons import Reasoned
from classroom_admin.common.random_text import new_key


def new_room_uuid() -> str:
    """The id under which a class will be made: fixed ahead, so that a second try makes no second class."""
    return uuid4().hex


class Series(models.Model):
    """What somebody planned: one settings object, and a class for each date."""

    key = models.CharField(max_length=16, unique=True, default=new_key)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taught_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="planned_series"
    )
    created_at = models.DateTimeField(default=timezone.now)
    request_id = models.CharField(
        max_length=40, help_text="of the form that was sent: the same form twice is one series"
    )
    name = models.CharField(max_length=255)
    zone = models.CharField(max_length=64, help_text="IANA name in which the times were given")
    weekdays = models.JSONField(default=list, help_text="0 is Monday; empty: a single class")
    settings = models.JSONField(default=dict, help_text="keyword arguments of actions.classes.create_class")

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "series"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["created_by", "request_id"], name="actions_series_once")
        ]

    def __str__(self) -> str:
        return self.name


class PlannedClass(Reasoned):
    """One date of a series, and how far its class is. The reason is that of the last try."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("class", "scheduled")
        MAKING = "making", _("being created")
        MADE = "made", _("created")
        FAILED = "failed", pgettext_lazy("class", "failed")
        CANCELLED = "cancelled", pgettext_lazy("class", "cancelled")

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="planned")
    starts_at = models.DateTimeField()
    room_uuid = models.CharField(max_length=64, unique=True, default=new_room_uuid)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(null=True, help_text="when it is made, or tried again; null: by hand only")
    claimed_until = models.DateTimeField(null=True, help_text="somebody is making it until then at most")
    tries = models.IntegerField(default=0)
    made_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("starts_at", "id")
        verbose_name_plural = "planned classes"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "due_at"], name="actions_planned_due"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.starts_at:%Y-%m-%d %H:%M} UTC: {self.state}"
