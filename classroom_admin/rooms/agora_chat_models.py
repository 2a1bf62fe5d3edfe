"""The table of the chat rooms that classes have in Agora Chat."""

from typing import ClassVar

from django.db import models


class AgoraChatRoom(models.Model):
    """The chat room of a class in Agora Chat. The room refresh reads it from the cloud."""

    room = models.OneToOneField("rooms.Room", on_delete=models.CASCADE, related_name="agora_chat")
    org_name = models.CharField(max_length=64)
    app_name = models.CharField(max_length=64)
    chat_room_id = models.CharField(max_length=64)
    known_since = models.DateTimeField()
    # Reads of the chat room set `muted_in_agora_chat` of the class and its people.
    read_due_at = models.DateTimeField(null=True, help_text="null: not to be read any more")
    failures = models.IntegerField(default=0, help_text="reads that failed in a row")
    last_error = models.TextField(
        blank=True, default="", db_default="", help_text="a problem as JSON, empty where there is none"
    )

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["chat_room_id"], name="rooms_agora_chat_room"),
            models.Index(
                fields=["read_due_at"],
                name="rooms_agora_chat_due",
                condition=models.Q(read_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.org_name}#{self.app_name}/{self.chat_room_id}"
