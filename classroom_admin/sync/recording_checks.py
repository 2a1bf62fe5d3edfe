"""Find out whether the cloud still has the files of recordings."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from classroom_admin.agora import recording_downloads
from classroom_admin.agora.config import CloudConfig
from classroom_admin.agora.recording_downloads import FileUnavailable
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.rooms.recording_links import (
    Availability,
    condition,
    file_numbers,
    file_url,
    with_over_at,
)

AT_ONCE: Final = 20
"""How many recordings to check in one task. The task runs every hour."""
NOT_AGAIN_BEFORE: Final = timedelta(days=1)
WITHIN_S: Final = 60.0


def check_due(config: CloudConfig) -> int:
    """Check the ready recordings that were not checked for the longest time. Return how many.

    Each one is checked at most once a day. Stop after `WITHIN_S` seconds.
    """
    now = clock.cloud_now()
    ready = with_over_at(Recording.objects.all()).filter(condition(Availability.READY, now))
    due = ready.exclude(files_checked_at__gt=now - NOT_AGAIN_BEFORE)
    ends_at = clock.monotonic() + WITHIN_S
    done = 0
    for recording in list(due.order_by(F("files_checked_at").asc(nulls_first=True), "pk")[:AT_ONCE]):
        if clock.monotonic() >= ends_at:
            break
        check(config, recording)
        done += 1
    return done


def check(config: CloudConfig, recording: Recording) -> bool | None:
    """Ask for the files of a recording, and store the result. Return whether at least one file exists.

    Return None if this is unknown, because the host does not answer or refuses.
    """
    try:
        found = [
            recording_downloads.exists(config, url)
            for number in file_numbers(recording)
            if (url := file_url(recording, number))
        ]
    except FileUnavailable:
        found = []
    now = clock.cloud_now()
    Recording.objects.filter(pk=recording.pk).update(files_checked_at=now)
    if found and not any(found):
        _mark_deleted(recording)
    return any(found) if found else None


def _mark_deleted(recording: Recording) -> None:
    """Store that the cloud no longer has the files. Open pages of the class are updated."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=recording.room_id)
        same_files = Recording.objects.filter(
            pk=recording.pk, files_deleted_at=None, file_urls=recording.file_urls
        )
        if same_files.update(files_deleted_at=clock.cloud_now(), version=room.version + 1):
            Room.objects.filter(pk=room.pk).update(version=room.version + 1)
