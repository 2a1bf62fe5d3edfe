"""Store files from a person's computer, share them by signed URLs, and delete files no longer needed."""

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
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.actions.files import addresses, kinds, resources, scanning
from classroom_admin.actions.files.kinds import Why
from classroom_admin.actions.files.quota import quota_of
from classroom_admin.actions.files.storage import storage_errors
from classroom_admin.actions.models import Upload
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms.access import ClassAccess
from classroom_admin.rooms.models import Resource

log = logging.getLogger(__name__)

UNSHARED: Final = timedelta(hours=24)
"""The time after which an unshared upload is deleted."""
AFTER_DELETION: Final = timedelta(hours=24)
"""The time for which the bytes of a deleted file are kept. Its URL stops working immediately."""
MOST_UNSHARED: Final = 20
"""The largest number of unshared uploads per person. The oldest uploads are deleted first."""
_AT_ONCE: Final = 500


class UploadRefused(ActionRefused):
    """The error if a file can't be stored, with the reason `why`."""

    def __init__(self, problem: str, why: Why) -> None:
        self.why = why
        super().__init__(problem, field="file")


def take(access: ClassAccess, *, file: UploadedFile[bytes]) -> Upload:
    """Check and store a file. Raise ``UploadRefused`` if it is invalid, infected, or can't be stored."""
    name, size = kinds.shown_name(file.name or ""), file.size or 0
    _require_usable(access.person, file, name=name, size=size)
    access.require(Permission.FILES)
    _make_room(access.person)
    upload = Upload(room=access.room, by=access.person, name=name, ext=kinds.ext_of(name), size=size)
    file.seek(0)
    try:
        upload.content.save(name, file)
    except storage_errors() as error:
        log.error("an uploaded file could not be kept: %s", error)
        raise UploadRefused(
            _("There is not enough storage for this file. Ask an administrator to check the storage."),
            Why.STORAGE,
        ) from error
    _require_within_quota(access.person, upload)
    return upload


def _require_usable(person: User, file: UploadedFile[bytes], *, name: str, size: int) -> None:
    """Raise ``UploadRefused`` for the first thing that is wrong with the file, or if there is no space."""
    found = kinds.problem(
        name=name,
        size=size,
        content=file,
        most_bytes=settings.FILES_MAX_BYTES,
        allow_macros=settings.FILES_ALLOW_MACROS,
    )
    if found:
        raise UploadRefused(found[1], found[0])
    if wrong := quota_of(person).problem(size):
        raise UploadRefused(wrong, Why.QUOTA)
    if wrong := scanning.problem(file):
        raise UploadRefused(wrong, Why.CONTENT)


def _require_within_quota(person: User, upload: Upload) -> None:
    """Delete the upload and raise ``UploadRefused`` if other uploads at the same time used up the space."""
    quota = quota_of(person)
    if quota.most and quota.used > quota.most:
        forget(upload)
        raise UploadRefused(quota_of(person).problem(upload.size), Why.QUOTA)


def waiting(access: ClassAccess, *, key: str) -> Upload:
    """Return the person's upload with this key for the class. Raise ``ActionRefused`` if it is gone."""
    own = Upload.objects.filter(room=access.room, by=access.person)
    found = own.filter(key=key, forgotten_at__isnull=True).first()
    if found is None:
        raise ActionRefused(_("This upload no longer exists. Choose the file again."), field="file")
    return found


def share(
    access: ClassAccess, *, upload: Upload, name: str, conversion: Mapping[str, Any] | None = None
) -> Entry:
    """Share an upload with its class by its signed URL. Raise the same errors as ``put_resource_by_url``.

    Also raise ``ActionRefused`` if the upload belongs to another class.
    """
    if upload.room_id != access.room.pk:
        raise ActionRefused(_("This file was uploaded for another class. Choose it again."), field="file")
    # Set before the call: after a crash, a file that the cloud may have accepted must not be deleted.
    Upload.objects.filter(pk=upload.pk).update(put_at=clock.now())
    try:
        entry = resources.put_resource_by_url(
            access,
            name=name,
            url=addresses.address_of(upload),
            ext=upload.ext,
            size=upload.size,
            conversion=conversion,
            resource_uuid=upload.resource_uuid,
            shown_url=addresses.address_on_record(upload),
        )
    except ActionRefused:
        Upload.objects.filter(pk=upload.pk).update(put_at=None)
        raise
    last = entry.steps.last()
    if last is not None and last.kind == Step.Kind.FAILED and not last.detail.get("unknown_outcome"):
        Upload.objects.filter(pk=upload.pk).update(put_at=None)
    return entry


def due_to_be_forgotten() -> QuerySet[Upload]:
    """Return the uploads with bytes that are no longer needed.

    These were not shared within ``UNSHARED``, were deleted from their class more than ``AFTER_DELETION`` ago,
    or belong to a class that the cloud deleted more than ``FILES_KEEP_DAYS`` days ago and that no
    administrator keeps.
    """
    now = clock.now()
    resource = Resource.objects.filter(room=OuterRef("room"), resource_uuid=OuterRef("resource_uuid"))
    deleted = resource.filter(removed_at__lt=now - AFTER_DELETION)
    unshared = Q(put_at__isnull=True, created_at__lt=now - UNSHARED) & ~Exists(resource)
    over = Q(room__gone_at__lt=now - timedelta(days=settings.FILES_KEEP_DAYS))
    over &= Q(room__retention__kept_at=None, room__parent__retention__kept_at=None)
    return Upload.objects.filter(forgotten_at__isnull=True).filter(unshared | Exists(deleted) | over)


def tidy() -> int:
    """Delete the bytes of uploads that are no longer needed. Return how many were deleted."""
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
    """Delete the upload's bytes and set its ``forgotten_at``. The row stays."""
    upload.content.delete(save=False)
    Upload.objects.filter(pk=upload.pk).update(forgotten_at=clock.now())


def _make_room(person: User) -> None:
    kept = Upload.objects.filter(by=person, put_at__isnull=True, forgotten_at__isnull=True)
    for oldest in kept.order_by("-pk")[MOST_UNSHARED - 1 :]:
        forget(oldest)
