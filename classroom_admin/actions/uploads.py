"""Files from somebody's computer: taken in, shared with a class by their own address, forgotten when due."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from classroom_admin.accounts.models import User
from classroom_admin.actions import file_addresses, file_kinds, flow, resources
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.file_storage import storage_errors
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.models import Resource, Room

log = logging.getLogger(__name__)

UNSHARED: Final = timedelta(hours=24)
"""So long an upload waits to be shared."""
AFTER_DELETION: Final = timedelta(hours=24)
"""So long the bytes of a deleted file are kept; its address stops at once."""
MOST_UNSHARED: Final = 20
"""Uploads of one person that wait to be shared; the oldest makes room."""
_AT_ONCE: Final = 500


def take(*, actor: User, room: Room, file: UploadedFile[bytes]) -> Upload:
    """Check a file and keep it. ``NotYours``; ``ActionRefused`` (field "file") says what is wrong with it."""
    flow.authorise(actor, room)
    name, size = file_kinds.shown_name(file.name or ""), file.size or 0
    wrong = file_kinds.problem(name=name, size=size, content=file, most_bytes=settings.FILES_MAX_BYTES)
    if wrong:
        raise ActionRefused(wrong, field="file")
    _make_room(actor)
    upload = Upload(room=room, by=actor, name=name, ext=file_kinds.ext_of(name), size=size)
    file.seek(0)
    try:
        upload.content.save(name, file)
    except storage_errors() as error:
        log.error("an uploaded file could not be kept: %s", error)
        raise ActionRefused(
            _("There is not enough storage for this file. Ask an administrator to check the storage."),
            field="file",
        ) from error
    return upload


def waiting(*, actor: User, room: Room, key: str) -> Upload:
    """The upload that ``actor`` brought for ``room`` and that waits to be shared. ``ActionRefused`` where
    there is none (any more).
    """
    found = Upload.objects.filter(key=key, room=room, by=actor, forgotten_at__isnull=True).first()
    if found is None:
        raise ActionRefused(_("This upload no longer exists. Choose the file again."), field="file")
    return found


def share(
    *, actor: User, room: Room, upload: Upload, name: str, conversion: Mapping[str, Any] | None = None
) -> Entry:
    """Share an upload with its class: ``put_resource_by_url`` with its address. Raises as that does."""
    if upload.room_id != room.pk:
        raise ActionRefused(_("This file was uploaded for another class. Choose it again."), field="file")
    # Written before the cloud is asked: what it may have taken must not be forgotten after a crash.
    Upload.objects.filter(pk=upload.pk).update(put_at=clock.now())
    try:
        entry = resources.put_resource_by_url(
            actor=actor,
            room=room,
            name=name,
            url=file_addresses.address_of(upload),
            ext=upload.ext,
            size=upload.size,
            conversion=conversion,
            resource_uuid=upload.resource_uuid,
            shown_url=file_addresses.address_on_record(upload),
        )
    except ActionRefused:
        Upload.objects.filter(pk=upload.pk).update(put_at=None)
        raise
    last = entry.steps.last()
    if last is not None and last.kind == Step.Kind.FAILED and not last.detail.get("unknown_outcome"):
        Upload.objects.filter(pk=upload.pk).update(put_at=None)
    return entry


def due_to_be_forgotten() -> QuerySet[Upload]:
    """Uploads whose bytes are not needed any more.

    Never shared within a day; deleted from their class a day ago; of a class that the cloud has let go of
    ``FILES_KEEP_DAYS`` ago.
    """
    now = clock.now()
    resource = Resource.objects.filter(room=OuterRef("room"), resource_uuid=OuterRef("resource_uuid"))
    deleted = resource.filter(removed_at__lt=now - AFTER_DELETION)
    unshared = Q(put_at__isnull=True, created_at__lt=now - UNSHARED) & ~Exists(resource)
    over = Q(room__gone_at__lt=now - timedelta(days=settings.FILES_KEEP_DAYS))
    return Upload.objects.filter(forgotten_at__isnull=True).filter(unshared | Exists(deleted) | over)


def tidy() -> int:
    """Forget what is due; gives how many. A storage that fails now is asked again the next time."""
    done = 0
    for upload in due_to_be_forgotten().order_by("pk")[:_AT_ONCE]:
        try:
            forget(upload)
        except storage_errors() as error:
            log.warning("the bytes of upload %s could not be deleted: %s", upload.pk, error)
            continue
        done += 1
    return done


def forget(upload: Upload) -> None:
    """Delete the bytes; the row stays and says when."""
    upload.content.delete(save=False)
    Upload.objects.filter(pk=upload.pk).update(forgotten_at=clock.now())


def _make_room(actor: User) -> None:
    kept = Upload.objects.filter(by=actor, put_at__isnull=True, forgotten_at__isnull=True)
    for oldest in kept.order_by("-pk")[MOST_UNSHARED - 1 :]:
        forget(oldest)
