"""Decide whether the files of a recording can be watched, and for how long the school keeps them.

The cloud has no call that deletes a recording. `RECORDING_LINK_DAYS` limits how long the dashboard shows,
plays and shares one. Times are cloud times.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from classroom_admin.common.addresses import is_web_address
from classroom_admin.rooms.models import Recording

WARNING: Final = timedelta(days=7)
"""How long before the end of the link the pages warn."""


class Availability(models.TextChoices):
    """Whether the files of a recording can be watched. The order is that of the filter."""

    READY = "ready", pgettext_lazy("recording", "Ready")
    PREPARING = "preparing", _("Being prepared")
    RUNNING = "running", _("Being recorded")
    FAILED = "failed", pgettext_lazy("recording", "Failed")
    DELETED = "deleted", _("Deleted in the cloud")
    EXPIRED = "expired", _("No longer kept")


def link_ends_at(recording: Recording) -> datetime | None:
    """Return when the dashboard stops serving the recording, or None if there is no limit."""
    days: int = settings.RECORDING_LINK_DAYS
    over_at = recording.ended_at or recording.started_at
    return over_at + timedelta(days=days) if days and over_at else None


def ends_soon(recording: Recording, now: datetime) -> bool:
    """Return whether a ready recording is no longer kept in `WARNING` or less."""
    ends_at = link_ends_at(recording)
    return (
        ends_at is not None
        and availability(recording, now) == Availability.READY
        and ends_at - now <= WARNING
    )


def availability(recording: Recording, now: datetime) -> Availability:
    """Return whether the files can be watched at `now`."""
    if recording.state == Recording.State.RECORDING:
        return Availability.RUNNING
    if recording.unready or recording.state == Recording.State.FAILED or recording.files_missing:
        return Availability.FAILED
    if recording.links_deleted_at is not None:
        return Availability.EXPIRED
    if not recording.file_urls:
        return Availability.PREPARING
    if recording.files_deleted_at is not None:
        return Availability.DELETED
    ends_at = link_ends_at(recording)
    if ends_at is not None and ends_at <= now:
        return Availability.EXPIRED
    return Availability.READY


def condition(wanted: Availability, now: datetime) -> Q:
    """Return the condition that a recording has this availability. It needs the column of `with_over_at`."""
    runs = Q(state=Recording.State.RECORDING)
    failed = Q(unready=True) | Q(state=Recording.State.FAILED) | Q(files_missing=True)
    forgotten = Q(links_deleted_at__isnull=False)
    ended = ~runs & ~failed
    known = ended & ~forgotten
    no_files = Q(file_urls=[])
    deleted = Q(files_deleted_at__isnull=False)
    days: int = settings.RECORDING_LINK_DAYS
    expired = Q(pk__isnull=True)  # matches nothing
    if days:
        expired = Q(over_at__isnull=False) & Q(over_at__lte=now - timedelta(days=days))
    return {
        Availability.RUNNING: runs,
        Availability.FAILED: ~runs & failed,
        Availability.PREPARING: known & no_files,
        Availability.DELETED: known & ~no_files & deleted,
        Availability.EXPIRED: ended & (forgotten | (~no_files & ~deleted & expired)),
        Availability.READY: known & ~no_files & ~deleted & ~expired,
    }[wanted]


def with_over_at(recordings: models.QuerySet[Recording]) -> models.QuerySet[Recording]:
    """Add the column `over_at`: the end of the recording, or its start if the end is unknown."""
    return recordings.annotate(over_at=Coalesce("ended_at", "started_at"))


def file_url(recording: Recording, number: int) -> str | None:
    """Return the URL that the cloud named for file `number`, or None. Only web addresses count."""
    urls = recording.file_urls if isinstance(recording.file_urls, list) else []
    url = urls[number] if 0 <= number < len(urls) else None
    return url if isinstance(url, str) and is_web_address(url) else None


def file_numbers(recording: Recording) -> list[int]:
    """Return the numbers of the files that can be served, in the order of the recording."""
    urls = recording.file_urls if isinstance(recording.file_urls, list) else []
    return [number for number in range(len(urls)) if file_url(recording, number)]
