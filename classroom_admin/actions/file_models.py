"""What the commands keep for themselves: uploaded files, and deletions that are held back for a moment."""

from __future__ import annotations

import secrets
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room


def new_upload_key() -> str:
    """128 random bits as text that may stand in an address."""
    return secrets.token_urlsafe(16)


def new_resource_uuid() -> str:
    return uuid4().hex


def place_of(upload: Upload, _name: str) -> str:
    """Where the bytes lie in the storage. Nothing in it comes from the person but the checked kind."""
    return f"{upload.created_at:%Y/%m}/{secrets.token_hex(16)}.{upload.ext}"


class Upload(models.Model):
    """A file that somebody brought from their computer, for one class.

    It becomes a file of the class under `resource_uuid` when it is put; `put_at` is written before the cloud
    is asked. `forgotten_at`: its bytes are gone (`actions.uploads.tidy` says when).
    """

    key = models.CharField(max_length=32, unique=True, default=new_upload_key)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=255)
    ext = models.CharField(max_length=10)
    size = models.BigIntegerField(help_text="bytes")
    content = models.FileField(upload_to=place_of, max_length=200)
    resource_uuid = models.CharField(max_length=64, default=new_resource_uuid)
    created_at = models.DateTimeField(default=clock.now)
    put_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["forgotten_at", "created_at"], name="actions_upload_tidy"),
            models.Index(fields=["room", "resource_uuid"], name="actions_upload_resource"),
        ]

    def __str__(self) -> str:
        return self.name


class HeldDeletion(models.Model):
    """Files that are deleted when `due_at` (cloud's clock) has come, unless somebody takes it back before.

    held -> undone, or held -> sending -> sent. Whoever changes the state by a conditional UPDATE has the
    turn, so it is sent once. `hold` is the record of who asked.
    """

    class State(models.TextChoices):
        HELD = "held", "held"
        UNDONE = "undone", "undone"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="held_deletions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    hold = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    resource_uuids = models.JSONField(default=list)
    names = models.JSONField(default=list, help_text="of the files, for people")
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, help_text="when the sending began, by our clock")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "due_at"], name="actions_held_due"),
            models.Index(fields=["room", "state"], name="actions_held_room"),
        ]

    def __str__(self) -> str:
        return f"{len(self.resource_uuids)} files, {self.state}"
