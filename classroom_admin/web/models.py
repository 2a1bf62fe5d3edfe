"""The database models of the pages."""

from django.conf import settings
from django.db import models

from classroom_admin.rooms.models import Room


class Acknowledgement(models.Model):
    """An acknowledgement of one kind of alert in a class. Nobody sees the alert as active before `until`.

    A class has at most one row per kind; a later acknowledgement replaces the row. `at` and `until` are cloud
    times. `whole` means until the class ends; `until` is then the latest possible end of the class.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    whole = models.BooleanField(default=False)

    class Meta:
        db_table = "live_snooze"
        constraints = [models.UniqueConstraint(fields=["room", "kind"], name="live_snooze_once")]
        indexes = [models.Index(fields=["until"], name="live_snooze_until")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.until:%H:%M}"
