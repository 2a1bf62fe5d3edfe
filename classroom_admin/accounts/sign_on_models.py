"""Models of school sign-on: the providers that administrators add, and links for emergencies."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from classroom_admin.common.random_text import new_key


class SignOnProvider(models.Model):
    """An OpenID Connect provider that an administrator added on the settings page.

    `secret` is encrypted (`common.encryption`). `rules` is the text for `sign_on_mapping.parse`, and
    `verified_domains` contains email domains, separated by commas.
    """

    key = models.CharField(max_length=12, unique=True, default=new_key)
    label = models.CharField(max_length=60)
    issuer = models.CharField(max_length=180, unique=True)
    client_id = models.CharField(max_length=191)
    secret = models.TextField()
    scopes = models.CharField(max_length=200, default="openid profile email")
    groups_claim = models.CharField(max_length=100, default="groups")
    rules = models.TextField(blank=True)
    create_accounts = models.BooleanField(default=False)
    verified_domains = models.CharField(max_length=500, blank=True)
    cloud_id_claim = models.CharField(max_length=100, blank=True)
    language_claim = models.CharField(max_length=100, blank=True, default="locale")
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("label", "id")

    def __str__(self) -> str:
        return self.label


class EmergencyLink(models.Model):
    """A link with which an administrator signs in once. Only the hash of its code is stored, as `digest`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"emergency link of {self.user_id}"
