"""The table of recent attempts to sign in, which all web processes share."""

from typing import ClassVar

from django.db import models


class Attempts(models.Model):
    """The recent attempts on one account from one place.

    `account` and `place` are keyed hashes, so the table names neither people nor addresses. A row with the
    kind "address" counts the attempts of an address on all accounts.
    """

    kind = models.CharField(max_length=20)
    account = models.CharField(max_length=64, blank=True)
    place = models.CharField(max_length=64)
    count = models.FloatField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "place", "kind"], name="accounts_attempts_once")
        ]
        indexes: ClassVar = [models.Index(fields=["last_at"], name="accounts_attempts_old")]
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return f"{self.count} × {self.kind}"
