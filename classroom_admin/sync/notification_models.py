"""The table of the notifications that the cloud's Notifications service sent about channels."""

from typing import ClassVar

from django.db import models


class ChannelNotice(models.Model):
    """A notification about a channel. `raw` is its unchanged JSON.

    The id of a channel is the id of its room. `stream_uuid` is the stream of the person.
    """

    notice_id = models.CharField(max_length=255, unique=True)
    event_type = models.IntegerField()
    room_uuid = models.CharField(max_length=64)
    stream_uuid = models.CharField(max_length=255, blank=True)
    user_uuid = models.CharField(max_length=255, blank=True, help_text="empty: not known (yet)")
    at = models.DateTimeField(help_text="by the cloud's clock, in whole seconds")
    client_seq = models.BigIntegerField(null=True, help_text="the order of the notices of one connection")
    reason = models.IntegerField(null=True, help_text="why the person left")
    duration_s = models.BigIntegerField(null=True, help_text="how long the person who left was there")
    received_at = models.DateTimeField()
    raw = models.TextField()
    match_due_at = models.DateTimeField(
        null=True, help_text="when to look for the person; null: found, not needed or given up"
    )
    people_asked = models.BooleanField(
        default=False, help_text="the room or its people were read because nobody was known by this stream"
    )

    class Meta:
        db_table = "sync_channel_notice"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room_uuid", "stream_uuid"], name="sync_notice_room"),
            models.Index(
                fields=["match_due_at"],
                name="sync_notice_match",
                condition=models.Q(match_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id}: {self.event_type} in {self.room_uuid}"
