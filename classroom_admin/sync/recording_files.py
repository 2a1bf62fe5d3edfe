"""Request the files of recordings after the recordings end, because no event names the files."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from classroom_admin.accounts.models import User
from classroom_admin.agora.client import Client
from classroom_admin.agora.models import RecordingItem
from classroom_admin.audit import record
from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.rooms.models import Recording, Room
from classroom_admin.sync import signals
from classroom_admin.sync.models import RoomRefresh

FIRST_S, LATEST_S = 5.0, 300.0
FILES_ASKS = 40
"""How many times to ask for the first file of an ended recording (within about three hours)."""
PARTS_ASKS = 12
"""How many times to ask for more files after a new file (within about 20 minutes)."""
MODES = {1: "single", 2: "composite", 3: "web"}


def refresh(client: Client, due: RoomRefresh) -> None:
    """Read the room's recordings from the cloud, store changes, and schedule the next read.

    Raise CloudError if the recordings can't be read.
    """
    listed = client.every_recording(due.room.room_uuid)
    items = {item.record_id: item for item in listed if item.record_id}
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=due.room_id)
        stored = list(Recording.objects.filter(room=room))
        is_new = False
        for recording in stored:
            changed = _change(room, recording, recording_columns(items.get(recording.record_id)))
            is_new = is_new or "file_urls" in changed
        _plan_next(due, room, stored, is_new=is_new)


def _change(room: Room, recording: Recording, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Store and return the columns that have changed. The room must be locked."""
    changed = {name: value for name, value in columns.items() if getattr(recording, name) != value}
    if "file_urls" in changed:
        changed["files_deleted_at"] = None  # the cloud has made the files again
    is_first = "file_urls" in changed and not recording.file_urls
    if changed:
        room.version += 1
        for name, value in changed.items():
            setattr(recording, name, value)
        Recording.objects.filter(pk=recording.pk).update(**changed, version=room.version)
        Room.objects.filter(pk=room.pk).update(version=room.version)
    if is_first:
        signals.recording_files_found.send(sender=Room, room=room, recording=recording)
    return changed


def _plan_next(due: RoomRefresh, room: Room, stored: list[Recording], *, is_new: bool) -> None:
    """Schedule the next read. If this was the last one, mark recordings that have no file.

    `is_new` is True if a file appeared in this read, because more files may follow.
    """
    waiting = [recording for recording in stored if _waits_for_files(recording)]
    asks = 0 if is_new else due.recordings_asks + 1
    has_ended = any(recording.state == Recording.State.ENDED for recording in stored)
    due_at = _next_ask(asks, most=FILES_ASKS if waiting else PARTS_ASKS) if has_ended else None
    if due_at is None:
        for recording in waiting:
            _change(room, recording, {"files_missing": True})
    RoomRefresh.objects.filter(pk=due.pk).update(recordings_due_at=due_at, recordings_asks=asks)


def _waits_for_files(recording: Recording) -> bool:
    return recording.state == Recording.State.ENDED and not recording.file_urls and not recording.unready


def stop_waiting(room: Room) -> None:
    """Mark recordings that have no file, because the cloud no longer has the room.

    The caller must lock the room.
    """
    for recording in Recording.objects.filter(room=room):
        if _waits_for_files(recording):
            _change(room, recording, {"files_missing": True})


def ask_again(*, actor: User, room: Room) -> Entry:
    """Request the files of the room's recordings again. Return the audit entry.

    If the cloud no longer has the room, only write the entry.
    """
    with transaction.atomic():
        locked = Room.objects.select_for_update().get(pk=room.pk)
        if locked.gone_at is None:
            for recording in Recording.objects.filter(room=locked, files_missing=True):
                _change(locked, recording, {"files_missing": False})
            RoomRefresh.objects.filter(room=locked).update(
                recordings_due_at=clock.cloud_now(), recordings_asks=0
            )
        return record.done(
            actor=actor, action="recording.files", room_uuid=room.room_uuid, target_name=room.name
        )


def recording_columns(item: RecordingItem | None) -> Mapping[str, Any]:
    """Return the values of a recording's columns that the cloud's list of recordings contains."""
    if item is None:
        return {}
    urls = [each.url for each in item.record_details if each.url] or ([item.url] if item.url else [])
    columns: dict[str, Any] = {}
    if item.type in MODES:
        columns["mode"] = MODES[item.type]
    if item.unready is not None:
        columns["unready"] = item.unready
    if urls:
        columns |= {"file_urls": urls, "files_missing": False}
    return columns


def _next_ask(asks: int, *, most: int) -> datetime | None:
    """Return when to read the recordings again after `asks` reads, or None after `most` reads."""
    if asks >= most:
        return None
    wait_s = FIRST_S * 1.5 ** max(0, asks - 1)
    return clock.cloud_now() + timedelta(seconds=min(LATEST_S, wait_s))
