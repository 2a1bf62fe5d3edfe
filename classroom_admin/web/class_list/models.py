"""Who looks after what on the wall."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from classroom_admin.rooms.models import Room


class Snooze(models.Model):
    """A reason of a class that is not to be shown as pressing for a while, to nobody: somebody sees to it.

    One for each kind of reason; a later one replaces it. `at` and `until` are by the cloud's clock; `whole`
    says that it was meant until the class ends (`until` is then as late as any class can end).
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    whole = models.BooleanField(default=False)

    class Meta:
        app_label = "live"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["room", "kind"], name="live_snooze_once")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["until"], name="live_snooze_until")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.until:%H:%M}"
