"""Seal classes: store their figures for good, freeze their rows, and delete their events.

From the moment of `Room.sealed_at`, no event changes the rows of the class: projection, `manage.py rebuild`,
later projection versions, reconciliation and gap filling leave it out, and late events are only counted. So
the rows stay right although their events are gone. If the deletion is interrupted, the next run continues it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import F, QuerySet

from classroom_admin.privacy import due
from classroom_admin.privacy.limits import Kind
from classroom_admin.privacy.messages import lock, project_everything, still_due
from classroom_admin.privacy.recorder import AT_ONCE, Recorder, delete_rows
from classroom_admin.reports import summaries
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import AgoraChatRoom, ClassRetention, Recording, Room
from classroom_admin.sync.models import (
    ChannelNotice,
    MissedEvent,
    PresenceCorrection,
    RoomCursor,
    RoomRefresh,
    SequenceGap,
    StoredEvent,
)


def seal_and_delete_events(recorder: Recorder) -> Iterator[None]:
    """Seal all classes that are old enough, and delete their events and notifications."""
    found = due.classes(Kind.EVENTS, recorder.before, recorder.now)
    for class_id in list(found.values_list("pk", flat=True)):
        rooms = list(room_ids(Room(pk=class_id, groups_sequence=1)))
        project_everything(rooms)
        _store_figures(class_id)
        with recorder.part():
            was_sealed = Room.objects.filter(pk=class_id, sealed_at__isnull=False).exists()
            is_sealed = _seal(class_id, rooms, recorder)
        if is_sealed and not was_sealed:
            yield
        if is_sealed:
            yield from _delete_events(class_id, rooms, recorder)
    yield from delete_rows(recorder, _old_notices(recorder), counted=False)


def _store_figures(class_id: int) -> None:
    """Make the stored figures of a class once more if they are missing or outdated. Errors are logged."""
    summaries.refresh_outdated(Room.objects.filter(pk=class_id), within_s=0)


def _seal(class_id: int, rooms: list[int], recorder: Recorder) -> bool:
    """Freeze a class and its breakout rooms. Return whether they are sealed."""
    lock(rooms)
    if not still_due(class_id, recorder):
        return False
    if Room.objects.filter(pk=class_id, sealed_at=None).exists():
        if summaries.outdated(Room.objects.filter(pk=class_id)).exists():
            return False  # an event has arrived, or the figures can't be made; the next run tries again
        Room.objects.filter(pk__in=rooms).update(sealed_at=recorder.now, version=F("version") + 1)
        # Addresses of live streams are a part of events.
        Recording.objects.filter(room__in=rooms).update(streaming_urls={})
        ClassRetention.objects.get_or_create(room_id=class_id)
    RoomCursor.objects.filter(room__in=rooms).update(
        project_due_at=None, reconcile_due_at=None, needs_full_projection=False
    )
    RoomRefresh.objects.filter(room__in=rooms).update(
        profile_due_at=None, recordings_due_at=None, people_due_at=None
    )
    AgoraChatRoom.objects.filter(room__in=rooms).update(read_due_at=None)
    return True


def _delete_events(class_id: int, rooms: list[int], recorder: Recorder) -> Iterator[None]:
    for room_id in rooms:
        events = StoredEvent.objects.filter(room_id=room_id)
        while ids := list(events.order_by().values_list("pk", flat=True)[:AT_ONCE]):
            with recorder.part() as deleted:
                if not still_due(class_id, recorder):
                    return
                StoredEvent.objects.filter(pk__in=ids).delete()
                own = ClassRetention.objects.filter(room_id=class_id)
                own.update(events_deleted=F("events_deleted") + len(ids))
                deleted.rows += len(ids)
            yield
    uuids = list(Room.objects.filter(pk__in=rooms).values_list("room_uuid", flat=True))
    others: tuple[QuerySet[Any], ...] = (
        SequenceGap.objects.filter(room__in=rooms),
        MissedEvent.objects.filter(room__in=rooms),
        PresenceCorrection.objects.filter(room__in=rooms),
        ChannelNotice.objects.filter(room_uuid__in=uuids),
    )
    is_due = partial(still_due, class_id, recorder)
    for rows in others:
        yield from delete_rows(recorder, rows, counted=False, still_due=is_due)
    with recorder.part() as deleted:
        if not is_due():
            return
        own = ClassRetention.objects.filter(room_id=class_id, events_deleted_at=None)
        deleted.classes += own.update(events_deleted_at=recorder.now)
    yield


def _old_notices(recorder: Recorder) -> QuerySet[ChannelNotice]:
    """Return the old notifications that belong to no class whose events are kept."""
    kept = Room.objects.filter(sealed_at=None).values("room_uuid")
    return ChannelNotice.objects.filter(received_at__lt=recorder.before).exclude(room_uuid__in=kept)
