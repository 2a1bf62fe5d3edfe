"""Tables of the API: tokens of people, and requests with an idempotency key."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    """A token with which programs of a person use the API. `accounts.api_tokens` creates and checks it.

    ``digest`` is the SHA-256 of the token. ``scopes`` are names from `api_tokens.SCOPES`, with spaces between
    them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="the last use, exact to a minute")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    @property
    def scope_names(self) -> tuple[str, ...]:
        return tuple(self.scopes.split())

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class IdempotentRequest(models.Model):
    """A request to the API with an `Idempotency-Key`, and its response. A repeat gets the same response.

    ``key`` is the SHA-256 of the header. ``fingerprint`` is a hash of the method, the path and the body.
    ``status`` is null while the request is being answered. The rows are deleted after a day.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="accounts_idempotent_request_once")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="accounts_idempotent_age")]

    def __str__(self) -> str:
        return f"request of {self.user_id} at {self.created_at:%Y-%m-%d %H:%M}"
