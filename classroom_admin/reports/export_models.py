"""Exports that a worker writes to a file in the background."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.common import clock
from classroom_admin.common.problem_texts import stored_in_words
from classroom_admin.common.random_text import new_key

KEPT_FOR: Final = timedelta(days=7)
"""The time after which the file of an export is deleted."""


class ExportJob(models.Model):
    """An export that a worker makes. See `reports.exports.jobs`.

    `params` contains the filter as it was (`ReportFilter.as_json`), the options, the language, the role of
    the owner, and the ids of the classes in the file if the owner is a teacher. A worker may claim the row
    from `claimable_at`, or never if it is null. `attempts` is also the token of the lease.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("export", "waiting")
        RUNNING = "running", pgettext_lazy("export", "in progress")
        DONE = "done", pgettext_lazy("export", "ready")
        FAILED = "failed", pgettext_lazy("export", "failed")
        CANCELLED = "cancelled", pgettext_lazy("export", "cancelled")
        EXPIRED = "expired", pgettext_lazy("export", "deleted")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (XLSX)")
        JSON = "json", _("JSON")

    key = models.CharField(max_length=16, unique=True, default=new_key)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    what = models.CharField(max_length=40, help_text="the name in `exports.kinds.EXPORTS`")
    format = models.CharField(max_length=4, choices=Format.choices)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    done = models.IntegerField(default=0, help_text="rows written so far")
    total = models.IntegerField(default=0, help_text="rows in all, 0 if not known yet")
    file = models.CharField(max_length=200, blank=True, help_text="name in the storage; empty: no file")
    size = models.BigIntegerField(default=0, help_text="bytes of the file")
    problem = models.JSONField(null=True, help_text="why it failed")
    attempts = models.IntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    claimable_at = models.DateTimeField(null=True, default=clock.now)
    expires_at = models.DateTimeField(null=True, help_text="when the file is deleted")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["claimable_at"],
                name="reports_export_claimable",
                condition=models.Q(claimable_at__isnull=False),
            ),
            models.Index(fields=["owner", "-id"], name="reports_export_owner"),
            models.Index(fields=["expires_at"], name="reports_export_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.what}.{self.format}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Return whether a worker still has to make the file."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def why(self) -> str:
        """Return why the export failed, in the active language, or "" if it did not fail."""
        return stored_in_words(self.problem)
