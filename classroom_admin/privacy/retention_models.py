"""The table of the runs that delete old data."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class RetentionRun(models.Model):
    """A run that deletes old data. If it is interrupted, the next process continues it.

    `limits` has the days of each kind when the run began. `counts` has what was deleted so far:
    {kind: {"rows", "classes"}}. Each part of the deletion and its count are one transaction.
    """

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, help_text="null: running, or interrupted")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="null: the nightly run, or `manage.py retention`",
    )
    limits = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Expressions are constant, so at most one row can meet the condition.
            models.UniqueConstraint(
                models.Value(1), name="privacy_one_run", condition=models.Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"retention of {self.started_at:%Y-%m-%d %H:%M}"

    def count_of(self, kind: str) -> dict[str, Any]:
        """Return how many rows, and rows of how many classes, the run has deleted of a kind."""
        found: dict[str, Any] = self.counts.get(kind) or {"rows": 0, "classes": 0}
        return found
