"""The join page of a class, the personal links of its students, and the people who want to come in."""

from __future__ import annotations

import secrets
from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.rooms.models import Room

TICKET_BYTES: Final = 18


def new_ticket() -> str:
    """Return a random text of 24 characters that nobody can guess."""
    return secrets.token_urlsafe(TICKET_BYTES)


class JoinPage(models.Model):
    """How students get into a class. A class without this row has no link for students yet.

    The class page shows the people who wait. It is updated when `revision` is raised.
    """

    class Who(models.TextChoices):
        ANYONE = "anyone", _("Anyone with the link")
        LISTED = "listed", _("Only people on the class list")

    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="join_page")
    code = models.CharField(  # noqa: DJ001 null, because an empty code would have to be unique
        max_length=16, null=True, unique=True, help_text="the random part of the link; null: it is off"
    )
    who = models.CharField(max_length=10, choices=Who.choices, default=Who.ANYONE)
    link_waits = models.BooleanField(default=True, help_text="people with the link of the class must wait")
    personal_waits = models.BooleanField(default=False, help_text="people with a personal link must wait")
    revision = models.BigIntegerField(default=0, help_text="raised by each change that the class page shows")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Join page {self.pk}"


class PersonalLink(models.Model):
    """A link with which one person joins the class. A new link for the person replaces `secret`."""

    page = models.ForeignKey(JoinPage, on_delete=models.CASCADE, related_name="personal_links")
    secret = models.CharField(max_length=32, unique=True, default=new_ticket)
    user_id = models.CharField(max_length=64, help_text="the cloud user id with which the person joins")
    name = models.CharField(max_length=255)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name", "pk")
        constraints = [models.UniqueConstraint(fields=["page", "user_id"], name="joining_personal_link_once")]

    def __str__(self) -> str:
        return f"Personal link {self.pk}"


class JoinRequest(models.Model):
    """A person who wants to come in, from the first step until a day later. Nobody can guess `ticket`."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("join request", "waiting")
        ADMITTED = "admitted", pgettext_lazy("join request", "let in")
        REFUSED = "refused", pgettext_lazy("join request", "refused")

    page = models.ForeignKey(JoinPage, on_delete=models.CASCADE, related_name="requests")
    ticket = models.CharField(max_length=32, unique=True, default=new_ticket)
    personal_link = models.ForeignKey(
        PersonalLink, null=True, on_delete=models.CASCADE, help_text="null: with the link of the class"
    )
    browser = models.CharField(max_length=64, blank=True, help_text="a keyed hash of the browser's cookie")
    user_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="the last time at which the person's page was open")
    is_here = models.BooleanField(default=True, help_text="False after the page was closed for a while")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    entered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["page", "state", "asked_at"], name="joining_request_waiting"),
            models.Index(fields=["asked_at"], name="joining_request_old"),
        ]

    def __str__(self) -> str:
        return f"Join request {self.pk}"
