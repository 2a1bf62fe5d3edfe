"""Tables of scheduled commands, of the bulk actions and series that group them, and of uploads."""

from __future__ import annotations

import secrets
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.random_text import new_key
from classroom_admin.rooms.models import ClassList, Recording, Room


def new_upload_key() -> str:
    """Return 128 random bits as text for a URL."""
    return secrets.token_urlsafe(16)


def new_resource_uuid() -> str:
    """Return a new cloud id for a file."""
    return uuid4().hex


def new_room_uuid() -> str:
    """Return an id for a new class. All attempts use the same id, so a retry creates no second class."""
    return uuid4().hex


def place_of(upload: Upload, _name: str) -> str:
    """Return a random path in the storage with the upload's extension."""
    return f"{upload.created_at:%Y/%m}/{secrets.token_hex(16)}.{upload.ext}"


class BulkAction(models.TextChoices):
    """Commands that can be sent to many classes together."""

    ANNOUNCE = "announce", _("Send an announcement")
    MUTE = "mute", _("Mute the microphones of all students")
    END = "end", _("End classes")
    END_ALL = "end_all", _("End classes and stop their recordings")
    CLOSE = "close", _("Close classes")
    RECORD = "record", _("Start recording")


class BulkRun(models.Model):
    """A bulk action: one command for many classes. Its scheduled commands are `items`.

    `key` identifies it in URLs. `token` identifies the form. A form that is sent twice creates one action.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key)
    token = models.CharField(max_length=64, unique=True)
    what = models.CharField(max_length=10, choices=BulkAction.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(blank=True, default="", db_default="", help_text="of an announcement")
    made_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["by", "-id"], name="actions_run_by")]

    def __str__(self) -> str:
        return f"{self.what} ({self.key})"


class Series(models.Model):
    """Scheduled classes with the same settings. Each class is a scheduled command in `planned`."""

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
    every = models.PositiveSmallIntegerField(
        null=True, help_text="weeks from one week with classes to the next; null: not known, of 0.1.0"
    )
    settings = models.JSONField(default=dict, help_text="arguments of actions.class_state.create_class")
    class_list = models.ForeignKey(
        ClassList, null=True, on_delete=models.SET_NULL, related_name="+", help_text="of each new class"
    )

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "series"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["created_by", "request_id"], name="actions_series_once")
        ]

    def __str__(self) -> str:
        return self.name


class ScheduledCommand(models.Model):
    """A command that a worker runs when it is due. See `actions.scheduled`.

    `due_at` is the time that people see. A worker may claim the row from `claimable_at`, or never if it is
    null. `claimable_at` is first equal to `due_at`, then to the end of the lease. After a failure, it is the
    time of the next attempt. `payload` contains the arguments, such as `name, span, reason` for a removal.
    For a class, see `actions.class_plans`.
    """

    class Kind(models.TextChoices):
        REMOVAL = "removal", "remove a participant"
        DELETION = "deletion", "delete files"
        BULK = "bulk", "one class of a bulk action"
        CLASS = "class", "create a class"
        CLOSE = "close", "close a class that is created again"
        INVITATION = "invitation", "mail an invitation to a new person"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        CLAIMED = "claimed", "claimed"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(
        max_length=255,
        help_text="what must not be scheduled twice: the cloud user id of a removal, the id of a class",
    )
    payload = models.JSONField(default=dict)
    position = models.IntegerField(
        default=0, help_text="in its run or series: those of others come before the second"
    )
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    claimable_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0, help_text="number of claims; also the token of the lease")
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(BulkRun, null=True, on_delete=models.CASCADE, related_name="items")
    series = models.ForeignKey(Series, null=True, on_delete=models.CASCADE, related_name="planned")
    starts_at = models.DateTimeField(null=True, help_text="when the scheduled class begins")
    problem = models.JSONField(null=True, help_text="why it failed; of 0.1.0: the English sentence")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="actions_claimable",
                condition=models.Q(claimable_at__isnull=False),
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind", "room", "key"],
                condition=models.Q(state__in=("waiting", "claimed")),
                name="actions_scheduled_once",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(kind="class"), name="actions_class_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.state}"

    @property
    def why(self) -> str:
        """Return why the command failed, in the active language, or "" if it did not fail."""
        return stored_in_words(self.problem)


class CalendarRevision(models.Model):
    """A count of a class's changes in calendars.

    Calendar programs need a larger `sequence` for each change. `shows` is a hash of what calendars show of
    the class.
    """

    uid = models.CharField(max_length=64, unique=True)
    shows = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.uid}: {self.sequence}"


class Capability(models.Model):
    """Whether the Agora project offers a call. Not all projects offer it.

    `name` is a value of `CloudCall.capability`. `said` is the cloud's answer, for troubleshooting.
    """

    class Offered(models.TextChoices):
        YES = "yes", _("offered")
        NO = "no", _("not offered")
        UNKNOWN = "unknown", _("not tried yet")

    name = models.CharField(max_length=40, unique=True)
    offered = models.CharField(max_length=7, choices=Offered.choices, default=Offered.UNKNOWN)
    tried_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "capabilities"

    def __str__(self) -> str:
        return f"{self.name}: {self.offered}"


class Upload(models.Model):
    """A file from a person's computer, for one class.

    `resource_uuid` is the cloud's id of the file after it is shared. `put_at` is the time when sharing began.
    It is set before the call to the cloud. `forgotten_at` is the time when the bytes were deleted.
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


class RecordingShare(models.Model):
    """A link to a recording for people without an account.

    Only a hash of the token in the link is stored, so nobody can read the link from the database.
    """

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    uses = models.IntegerField(default=0, help_text="how many times the page was opened")
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"link {self.pk} to recording {self.recording_id}"
