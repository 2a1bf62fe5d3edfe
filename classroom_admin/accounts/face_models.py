"""Models of the school's own face: name, colour, links, announcement and logo. Each has at most one row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

ONLY = 1
"""The primary key of the only row."""


class SchoolFace(models.Model):
    """What all pages show of the school. Empty values mean the defaults of the product.

    `banner_number` is raised with each change of the announcement, so that people who dismissed an earlier
    one see the new one. `logo_digest` is the digest of the row of `SchoolLogo`, or "".
    """

    class Level(models.TextChoices):
        INFORMATION = "information", _("Information")
        WARNING = "warning", _("Warning")
        URGENT = "urgent", _("Urgent")

    name = models.CharField(max_length=60, blank=True)
    colour = models.CharField(max_length=7, blank=True, help_text="such as #3a4bc8")
    help_url = models.CharField(max_length=500, blank=True)
    privacy_url = models.CharField(max_length=500, blank=True)
    accessibility_url = models.CharField(max_length=500, blank=True)
    logo_digest = models.CharField(max_length=32, blank=True)
    banner_text = models.CharField(max_length=500, blank=True)
    banner_level = models.CharField(max_length=12, choices=Level.choices, default=Level.INFORMATION)
    banner_from = models.DateTimeField(null=True)
    banner_until = models.DateTimeField(null=True)
    banner_can_be_dismissed = models.BooleanField(default=True)
    banner_for_visitors = models.BooleanField(default=False, help_text="also on the sign-in page")
    banner_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name or "no name"


class SchoolLogo(models.Model):
    """The logo, as `common.pictures` wrote it. `digest` is a part of its address."""

    content = models.BinaryField()
    kind = models.CharField(max_length=20, help_text="media type")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.digest
