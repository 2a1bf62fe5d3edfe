"""Limit the bytes of uploaded files that the server keeps for one person."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions.models import Upload


@dataclass(frozen=True, slots=True)
class Quota:
    """How many bytes a person uses, and how many the person may use. `most` is 0 if there is no limit."""

    used: int
    most: int

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)

    @property
    def used_mb(self) -> str:
        return _mb(self.used)

    @property
    def most_mb(self) -> str:
        return _mb(self.most)

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / self.most)) if self.most else 0

    def problem(self, size: int) -> str:
        """Return a sentence that says why `size` more bytes do not fit, or "" if they do."""
        if not self.most or size <= self.left:
            return ""
        return _(
            "Your storage is full: you use %(used)s MB of %(most)s MB, and this file has %(size)s MB. Delete "
            "files that you no longer need from your classes; their space is free a day later. Or ask an "
            "administrator."
        ) % {"used": self.used_mb, "most": self.most_mb, "size": _mb(size)}


def quota_of(person: User) -> Quota:
    """Return a person's quota. Files count until their bytes are deleted."""
    kept = Upload.objects.filter(by=person, forgotten_at__isnull=True).aggregate(sum=Sum("size"))
    return Quota(used=kept["sum"] or 0, most=settings.FILES_QUOTA_BYTES)


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f}".removesuffix(".0")
