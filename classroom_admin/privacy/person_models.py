"""The tables of exports and erasures of a person's data."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.random_text import new_key


class ErasureKey(models.Model):
    """The random key of the hashes in `ErasedIdentity`, encrypted.

    New hashes are made with the first row. There are more rows only after a ledger file with other keys was
    read (`privacy.erasure_ledger`).
    """

    secret = models.TextField(help_text="encrypted by common.encryption")
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return "key of the hashes of erased people"


class Erasure(models.Model):
    """A person whose data was erased. The row has no personal data.

    `number` is random, so nobody can derive the person from it. Data that is older than `at` and arrives
    later is erased, too.
    """

    class Mode(models.TextChoices):
        PSEUDONYMISE = "pseudonymise", _("Pseudonymise")
        ERASE = "erase", _("Erase")

    key = models.CharField(max_length=16, unique=True, default=new_key)
    number = models.CharField(max_length=12, unique=True)
    mode = models.CharField(max_length=12, choices=Mode.choices)
    at = models.DateTimeField(help_text="cloud time")
    hashed_with = models.ForeignKey(
        ErasureKey, null=True, on_delete=models.PROTECT, related_name="+", help_text="null: the first key"
    )

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Return the name that stands for the person in all rows and files."""
        return f"Erased person {self.number}"


class ErasedIdentity(models.Model):
    """Something that identified an erased person, as a keyed hash.

    `replacement` stands for a cloud user id. It is "" for the other kinds.
    """

    class Kind(models.TextChoices):
        USER_ID = "id", "cloud user id"
        EMAIL = "email", "email address"
        ACCOUNT = "account", "email address of an account"
        LISTED = "listed", "name on a class list, with the key of the list"

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    digest = models.CharField(max_length=64)
    replacement = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["erasure", "kind", "digest"], name="privacy_identity_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "digest"], name="privacy_identity_digest")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.erasure_id}"


class PersonJob(models.Model):
    """An export or an erasure that a worker does in steps. The table is the queue.

    `secret` says whose data it is, encrypted. It is deleted when the job is finished. `step` and `cursor` say
    where a worker continues after another was killed. `counts` has the number of rows of each kind of data.
    """

    class Kind(models.TextChoices):
        EXPORT = "export", pgettext_lazy("person", "Export")
        ERASE = "erase", _("Erasure")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("export", "waiting")
        RUNNING = "running", pgettext_lazy("export", "in progress")
        DONE = "done", pgettext_lazy("export", "finished")
        FAILED = "failed", pgettext_lazy("export", "failed")
        EXPIRED = "expired", pgettext_lazy("export", "file deleted")

    key = models.CharField(max_length=16, unique=True, default=new_key)
    token = models.CharField(
        max_length=64, unique=True, help_text="of the form; a form sent twice is one job"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="null: by a command of the server",
    )
    erasure = models.ForeignKey(Erasure, null=True, on_delete=models.CASCADE, related_name="jobs")
    secret = models.TextField(blank=True)
    step = models.CharField(max_length=40, blank=True)
    cursor = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problem = models.JSONField(null=True, help_text="why it failed")
    attempts = models.IntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    claimable_at = models.DateTimeField(null=True, default=clock.now)
    file = models.CharField(max_length=200, blank=True, help_text="name in the storage; empty: no file")
    size = models.BigIntegerField(default=0, help_text="bytes of the file")
    expires_at = models.DateTimeField(null=True, help_text="when the file is deleted")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="privacy_job_claimable",
                condition=models.Q(claimable_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Return whether a worker still has to do something."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def why(self) -> str:
        """Return why the job failed, in the active language, or "" if it did not fail."""
        return stored_in_words(self.problem)

    @property
    def total(self) -> int:
        """Return the number of rows in all kinds of data."""
        return sum(value for value in self.counts.values() if isinstance(value, int))

    def details(self) -> dict[str, Any]:
        """Return what the audit log keeps: never whose data it is."""
        return {"counts": self.counts, "erasure": self.erasure.number if self.erasure else ""}
