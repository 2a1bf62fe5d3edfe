"""The database models of the pages."""

from django.conf import settings
from django.db import models

from classroom_admin.rooms.models import Room


class Acknowledgement(models.Model):
    """An acknowledgement of one kind of alert in a class. It lasts until `until`.

    `at` and `until` are cloud times. If `whole` is True, it lasts until the class ends, and `until` is the
    latest possible end. A later acknowledgement of the same kind replaces it.
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
