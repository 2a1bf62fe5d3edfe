"""Everything a person did, and how it ended. Entries and steps are only ever added."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RecordIsFinal(Exception):
    """Raised when code tries to change or delete what is on record."""


class FinalQuerySet(models.QuerySet[Any]):
    """A query set that reads and adds, and refuses the rest."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts") or len(args) > 2:
            raise RecordIsFinal("Audit records are only ever added.")
        return super().bulk_create(objs, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        raise RecordIsFinal("Audit records are only ever added.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise RecordIsFinal("Audit records are only ever added.")


class FinalModel(models.Model):
    objects = FinalQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RecordIsFinal("Audit records are only ever added.")
        # Forced: with a primary key given by hand, Django would first try to update the row that has it.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise RecordIsFinal("Audit records are only ever added.")


class Entry(FinalModel):
    """Who did what to whom, when. `action` is `class.start`, `participant.remove`, `account.create`…

    `room_uuid` is empty where no room is concerned. `target` is the cloud user id, resource id or account
    email. `params` holds what was asked for (never a secret).
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60)
    room_uuid = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=254, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    params = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "entries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room_uuid", "-id"], name="audit_entry_room"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"


class Step(FinalModel):
    """How an entry went on. `detail` may hold http_status, code, message, request_id, sequence, read_back."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("requested")
        ACCEPTED = "accepted", _("accepted")
        CONFIRMED = "confirmed", _("confirmed")
        FAILED = "failed", pgettext_lazy("command", "failed")
        DONE = "done", _("done")  # for what happens here alone, without the cloud

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    room_uuid = models.CharField(
        max_length=64, blank=True
    )  # the entry's: one index answers "anything new here?"
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["room_uuid", "-id"], name="audit_step_room"),
        ]

    def __str__(self) -> str:
        return self.kind


class Claim(models.Model):
    """A command that is under way, so that a double click acts once. Not a record: it comes and goes.

    `dedupe_key` is a hash of actor, action, room, target and params. While `expires_at` is ahead, the same
    command is the same entry.
    """

    dedupe_key = models.CharField(max_length=64, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()


class PendingConfirmation(models.Model):
    """A command that waits for the event confirming it. Deleted once confirmed, or when the cloud refused the
    command.

    Committed before the command is sent, so that an event that is quicker than the answer is not missed. It
    stays when the outcome is unknown (a time-out): the event may still confirm the command, after a *failed*
    step. Only an event of `room_uuid` of the type `cmd` (or its batch type) with a sequence above
    `since_sequence` confirms. `match` says what it must carry, as `confirms` in the modules of `events` reads
    it.

    Confirming deletes this row and adds *confirmed* in one transaction, and only if the delete hit a row: so
    a command is confirmed once, whatever comes first.
    """

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="+")
    room_uuid = models.CharField(max_length=64, db_index=True)
    cmd = models.IntegerField()
    match = models.JSONField(default=dict)
    since_sequence = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "audit_expectation"
