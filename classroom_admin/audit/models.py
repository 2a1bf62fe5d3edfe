"""Models of the audit log, which records actions and their outcomes. Code can only add entries and steps."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

_FINAL = "Audit records can only be added."


class RecordIsFinal(Exception):
    """The error if code tries to change or delete an audit record."""


class FinalQuerySet(models.QuerySet[Any]):
    """A query set that can read and add rows, but not change or delete them."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts") or len(args) > 2:
            raise RecordIsFinal(_FINAL)
        return super().bulk_create(objs, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        raise RecordIsFinal(_FINAL)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise RecordIsFinal(_FINAL)


class FinalModel(models.Model):
    """A model with rows that can be added, but not changed or deleted."""

    objects = FinalQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RecordIsFinal(_FINAL)
        # Without `force_insert`, Django would first try to update a row with the same primary key.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise RecordIsFinal(_FINAL)


class Entry(FinalModel):
    """A record of who did what, to whom and when. `action` is a name such as `class.start`.

    `room_uuid` is empty if the action does not concern a room. `target` is a cloud user id, resource id or
    account email. `params` contains the arguments, but never a secret.
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
        indexes = [
            models.Index(fields=["room_uuid", "-id"], name="audit_entry_room"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"


class Step(FinalModel):
    """A step of an entry.

    `detail` may contain http_status, code, message, request_id, sequence and read_back.
    """

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("requested")
        ACCEPTED = "accepted", _("accepted")
        CONFIRMED = "confirmed", _("confirmed")
        FAILED = "failed", pgettext_lazy("command", "failed")
        DONE = "done", _("done")  # This kind is for actions that do not involve the cloud.

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # This copies the entry's value, so that an index makes the query for a room's new steps fast.
    room_uuid = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["room_uuid", "-id"], name="audit_step_room")]

    def __str__(self) -> str:
        return self.kind


class Claim(models.Model):
    """An idempotency key of a command. A double click runs the command only once.

    `dedupe_key` is a hash of actor, action, room, target and params. Until `expires_at`, an equal command
    returns the same entry. Unlike audit records, idempotency keys are deleted later.
    """

    dedupe_key = models.CharField(max_length=64, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()


class PendingConfirmation(models.Model):
    """A command that waits for the event that confirms it. Confirmed and refused commands have no row.

    The row is committed before the command is sent, because the event may arrive before the response. If the
    outcome is unknown (a time-out), the row stays. An event may confirm a command even after a *failed* step.
    The event must have the room `room_uuid`, the kind `cmd` or its batch kind, and a sequence above
    `since_sequence`. `match` contains the required values. Each event in `also` confirms the command, too,
    because projects report some effects differently.

    A process deletes the row and adds the *confirmed* step in one transaction. So a command has only one
    *confirmed* step, even if several processes see the event.
    """

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="+")
    room_uuid = models.CharField(max_length=64, db_index=True)
    cmd = models.IntegerField()
    match = models.JSONField(default=dict)
    also = models.JSONField(null=True, help_text="[{cmd, match}] of events that confirm as well")
    since_sequence = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "audit_expectation"
