"""How long each kind of data is kept. The limits come from the environment (`RETENTION_…_DAYS`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """A kind of data with a limit of its own. The order is that of the deletion and of the page."""

    CHAT = "chat", _("Texts of the chat")
    DIRECT_MESSAGES = "direct_messages", _("Direct messages")
    RECORDINGS = "recordings", _("Addresses of recordings and links to them")
    EVENTS = "events", _("Events of classes")
    ATTENDANCE = "attendance", _("Classes with attendance, participation and answers")
    CLASS_LISTS = "class_lists", _("Unused class lists")
    QUARANTINE = "quarantine", _("Unreadable data from the cloud")
    COMMANDS = "commands", _("Finished scheduled commands")
    FILES = "files", _("Details of deleted uploads")
    EXPORTS = "exports", _("List of exports")
    SESSIONS = "sessions", _("Expired sessions")
    AUDIT = "audit", _("Audit log")


OF_CLASSES: Final = (Kind.CHAT, Kind.DIRECT_MESSAGES, Kind.RECORDINGS, Kind.EVENTS, Kind.ATTENDANCE)
"""The kinds whose age counts from the end of a class."""
_MAY_BE_IN_QUARANTINE: Final = (Kind.CHAT, Kind.DIRECT_MESSAGES, Kind.EVENTS, Kind.ATTENDANCE)


def days_of(kind: Kind) -> int:
    """Return how many days data of this kind is kept. 0 means that it is kept for good.

    Unreadable data may contain a message or any event, so it is not kept longer than those.
    """
    if kind == Kind.SESSIONS:
        return 1  # the day of the last sign-in is not relevant: each session has an end of its own
    days: int = settings.RETENTION_DAYS[kind]
    if kind == Kind.QUARANTINE and days:
        others = [settings.RETENTION_DAYS[other] for other in _MAY_BE_IN_QUARANTINE]
        return min([days, *(other for other in others if other)])
    return days


def cut_off(kind: Kind, now: datetime) -> datetime | None:
    """Return the moment before which data of this kind is too old, or None if it is kept for good."""
    days = days_of(kind)
    return now - timedelta(days=days) if days else None


def limits() -> dict[str, int]:
    """Return the days of every kind, by its name."""
    return {kind.value: days_of(kind) for kind in Kind}
