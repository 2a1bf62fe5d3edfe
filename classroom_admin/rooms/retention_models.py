"""What retention did to a class, and whether an administrator keeps the class."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class ClassRetention(models.Model):
    """The state of a class for retention. A class has no row until there is something to store.

    `Room.sealed_at`, `Room.chat_deleted_at` and `Room.direct_deleted_at` say what pages show. Breakout rooms
    have no row of their own, because they are kept and deleted with their class.
    """

    room = models.OneToOneField("rooms.Room", on_delete=models.CASCADE, related_name="retention")
    # An administrator keeps the class, for example for a complaint. Retention then deletes nothing of it.
    kept_at = models.DateTimeField(null=True, help_text="null: retention applies to the class")
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kept_reason = models.CharField(max_length=300, blank=True)
    # what retention has deleted
    chat_deleted_to = models.BigIntegerField(
        default=-1, help_text="highest `Room.last_event_id` when the chat was deleted; later events are new"
    )
    events_deleted_at = models.DateTimeField(
        null=True, help_text="when the last event was deleted; null: not yet, or not sealed"
    )
    events_deleted = models.IntegerField(default=0, help_text="how many events were deleted")
    late_events = models.IntegerField(
        default=0, help_text="events that arrived after the class was sealed, and were not stored"
    )
    late_event_at = models.DateTimeField(null=True, help_text="when the last of them arrived")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["kept_at"], name="rooms_retention_kept", condition=models.Q(kept_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"retention of room {self.room_id}"
