"""Models of the audit log, which records actions and their outcomes. Code can only add entries and steps."""

from collections.abc import Callable, Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.audit import signing
from classroom_admin.audit.signing import PARTS, SALTS, new_salt

_FINAL = "Audit records can only be added."


class RecordIsFinal(Exception):
    """The error if code tries to change or delete an audit record."""


class FinalQuerySet(models.QuerySet[Any]):
    """A query set that can read and add rows, but not change or delete them."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts") or len(args) > 2:
            raise RecordIsFinal(_FINAL)
        objs = list(objs)
        for row in objs:
            row.sign()
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
        self.sign()
        # Without `force_insert`, Django would first try to update a row with the same primary key.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise RecordIsFinal(_FINAL)

    def sign(self) -> None:
        """Set the signature of a new row, if rows of this kind have one."""


class Record(FinalModel):
    """An entry or a step. `tag` signs it. A part with personal values can be erased: see `audit.personal`."""

    tag = models.CharField(max_length=64, editable=False)

    class Meta:
        abstract = True

    def commitment(self, part: str) -> str:
        """Return the hash of the personal values in `part` with their salt."""
        return signing.commitment(getattr(self, SALTS[part]), (getattr(self, name) for name in PARTS[part]))

    def signed_values(self, original: Callable[[Any, str], str] | None = None) -> bytes:
        """Return what the tag covers. `original` returns the commitment of a part before it was erased."""
        raise NotImplementedError

    def sign(self) -> None:
        self.tag = signing.sign(self.signed_values())


class Entry(Record):
    """A record of who did what, to whom and when. `action` is a name such as `class.start`.

    `room_uuid` is empty if the action does not concern a room. `target` is a cloud user id, resource id or
    account email. `params` contains the arguments, but never a secret. `address` and `agent` are the client
    address and the browser of the request, and `request_id` is its id in the log. They are empty if no
    request caused the action.
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60)
    room_uuid = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=254, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    params = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=254, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    actor_salt = models.CharField(max_length=32, default=new_salt, editable=False)
    subject_salt = models.CharField(max_length=32, default=new_salt, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["room_uuid", "-id"], name="audit_entry_room"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
        ]
        constraints = [models.UniqueConstraint(fields=["tag"], name="audit_entry_tag")]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name}"

    def signed_values(self, original: Callable[[Any, str], str] | None = None) -> bytes:
        of = original or type(self).commitment
        return signing.entry_values(
            self.actor_id,
            self.action,
            self.room_uuid,
            self.at,
            self.request_id,
            actor=of(self, signing.ACTOR),
            subject=of(self, signing.SUBJECT),
        )


class Step(Record):
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
    salt = models.CharField(max_length=32, default=new_salt, editable=False)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["room_uuid", "-id"], name="audit_step_room")]
        constraints = [models.UniqueConstraint(fields=["tag"], name="audit_step_tag")]

    def __str__(self) -> str:
        return self.kind

    def signed_values(self, original: Callable[[Any, str], str] | None = None) -> bytes:
        detail = (original or type(self).commitment)(self, signing.DETAIL)
        return signing.step_values(self.entry_id, self.kind, self.room_uuid, self.at, detail=detail)


class Link(FinalModel):
    """The place of an entry or a step in the chain. `hash` covers the record and the previous link.

    The numbers have no gaps. A background task adds the links (`audit.chain`), so that people who act at the
    same time do not wait for each other.
    """

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="link")
    step = models.OneToOneField(Step, null=True, on_delete=models.PROTECT, related_name="link")
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)


class Checkpoint(FinalModel):
    """A signed statement about the chain up to the link `number`, whose hash is `hash`.

    START: retention deleted this link and everything before it. VERIFIED: all links up to this one were
    valid. BROKEN: `problem` names the first broken record.
    """

    class Kind(models.TextChoices):
        START = "start"
        VERIFIED = "verified"
        BROKEN = "broken"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    problem = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    tag = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)

    def signed_values(self) -> bytes:
        return signing.checkpoint_values(self.kind, self.number, self.hash, self.at, self.problem)

    def sign(self) -> None:
        self.tag = signing.sign(self.signed_values())

    @classmethod
    def newest(cls, *kinds: str) -> Self | None:
        """Return the newest checkpoint of these kinds with a valid signature, or None."""
        found: Iterable[Self] = cls.objects.filter(kind__in=kinds).order_by("-id")
        for one in found:
            if signing.is_signature(one.tag, one.signed_values()):
                return one
        return None


class Permission(models.Model):
    """What the triggers permit in the transaction that adds this row. It deletes the row before it commits.

    ERASE: replace personal values. RETENTION: delete the links up to `up_to`, and their entries and steps.
    """

    class Kind(models.TextChoices):
        ERASE = "erase"
        RETENTION = "retention"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    up_to = models.BigIntegerField(default=0)


class Copied(models.Model):
    """The last link that was copied to a syslog server. The table has at most one row for each server."""

    server = models.CharField(max_length=254, unique=True)
    number = models.BigIntegerField(default=0)


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
