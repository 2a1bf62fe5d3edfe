"""Models that belong to the pages."""

from django.conf import settings
from django.db import models

from classroom_admin.rooms.models import Room


class Acknowledgement(models.Model):
    """An acknowledged kind of alert of a class. Until `until`, the alert is not active for anyone.

    A class has at most one row per kind of alert; a later acknowledgement replaces it. `at` and `until` are
    cloud times. `whole` means until the class ends; then `until` is the latest time at which a class can end.
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
