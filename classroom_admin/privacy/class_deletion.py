"""Delete whole classes, and the addresses of recordings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import CASCADE, Exists, F, OuterRef, Q, QuerySet

from classroom_admin.actions.files import uploads
from classroom_admin.actions.files.storage import storage_errors
from classroom_admin.actions.models import (
    CalendarRevision,
    RecordingShare,
    ScheduledCommand,
    Series,
    Upload,
)
from classroom_admin.privacy import due
from classroom_admin.privacy.limits import Kind
from classroom_admin.privacy.messages import lock, still_due
from classroom_admin.privacy.recorder import Recorder, delete_rows
from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import ListVersion, Recording, Room, Substitution
from classroom_admin.sync.models import ChannelNotice

log = logging.getLogger(__name__)


def delete_recording_addresses(recorder: Recorder) -> Iterator[None]:
    """Delete the addresses of recordings, and the links to them, of all classes that are old enough."""
    found = due.classes(Kind.RECORDINGS, recorder.before, recorder.now)
    for class_id in list(found.values_list("pk", flat=True)):
        rooms = list(room_ids(Room(pk=class_id, groups_sequence=1)))
        with recorder.part() as deleted:
            lock(rooms)
            if not still_due(class_id, recorder):
                continue
            Room.objects.filter(pk__in=rooms).update(version=F("version") + 1)
            own = Recording.objects.filter(room__in=rooms, links_deleted_at=None).exclude(file_urls=[])
            RecordingShare.objects.filter(recording__in=own).delete()
            for room_id, version in Room.objects.filter(pk__in=rooms).values_list("pk", "version"):
                deleted.rows += own.filter(room_id=room_id).update(
                    file_urls=[], links_deleted_at=recorder.now, version=version
                )
            deleted.classes += 1
        yield


def delete_classes(recorder: Recorder) -> Iterator[None]:
    """Delete all classes that are old enough, with everything that belongs to them."""
    found = due.classes(Kind.ATTENDANCE, recorder.before, recorder.now)
    for class_id in list(found.values_list("pk", flat=True)):
        rooms = list(room_ids(Room(pk=class_id, groups_sequence=1)))
        if due.older_classes(recorder.before, recorder.now).filter(pk=class_id).exists() and _forget_files(
            rooms
        ):
            yield from _delete_class(class_id, rooms, recorder)
    yield from _delete_leftovers(recorder)


def _forget_files(rooms: list[int]) -> bool:
    """Delete the contents of the uploads of a class. Return False if the storage refuses."""
    for upload in Upload.objects.filter(room__in=rooms, forgotten_at=None):
        try:
            uploads.forget(upload)
        except storage_errors() as error:
            log.warning("class %s stays, because a file can't be deleted: %s", rooms[0], error)
            return False
    return True


def _delete_class(class_id: int, rooms: list[int], recorder: Recorder) -> Iterator[None]:
    """Delete the rows that refer to the rooms in parts, and then the rooms.

    First seal the class, so that no event changes it in the meantime. Stop if an administrator keeps it.
    """
    is_due = partial(still_due, class_id, recorder)
    with recorder.part():
        lock(rooms)
        if not is_due():
            return
        Room.objects.filter(pk__in=rooms, sealed_at=None).update(sealed_at=recorder.now)
    yield
    for model, column in _referring():
        rows = model._default_manager.filter(**{f"{column}__in": rooms})
        yield from delete_rows(recorder, rows, still_due=is_due)
    uuids = list(Room.objects.filter(pk__in=rooms).values_list("room_uuid", flat=True))
    notices = ChannelNotice.objects.filter(room_uuid__in=uuids)
    yield from delete_rows(recorder, notices, still_due=is_due)
    with recorder.part() as deleted:
        if not is_due():
            return
        groups = Room.objects.filter(parent=class_id).delete()[0]
        deleted.rows += groups + Room.objects.filter(pk=class_id).delete()[0]
        deleted.classes += 1
    yield


def _referring() -> Iterator[tuple[Any, str]]:
    """Yield each model with a foreign key to a room, and the name of the key. People's figures are first."""
    found = [
        (one.related_model, one.field.name)
        for one in Room._meta.related_objects
        if one.related_model is not Room and one.field.remote_field.on_delete is CASCADE
    ]
    # A summary can only be deleted quickly after the rows of its people.
    yield from sorted(found, key=lambda one: (one[0] is ClassSummary, one[0]._meta.label))


def _delete_leftovers(recorder: Recorder) -> Iterator[None]:
    """Delete what belongs to no class any more: series, versions of lists, and calendar entries."""
    before = recorder.before
    planned = ScheduledCommand.objects.filter(series=OuterRef("pk"))
    of_list = Q(replaced_at__lt=before) | Q(class_list=None)
    rooms = Room.objects.filter(list_version=OuterRef("pk"))
    others: tuple[QuerySet[Any], ...] = (
        ScheduledCommand.objects.filter(
            kind=ScheduledCommand.Kind.CLASS,
            room=None,
            state__in=("done", "failed", "cancelled"),
            changed_at__lt=before,
        ),
        Series.objects.filter(~Exists(planned), created_at__lt=before),
        Substitution.objects.filter(ends_at__lt=before).exclude(room__retention__kept_at__isnull=False),
        ListVersion.objects.filter(of_list, ~Exists(rooms)),
        CalendarRevision.objects.filter(changed_at__lt=before),
    )
    for rows in others:
        yield from delete_rows(recorder, rows)
