"""Signed URLs of uploaded files, which work without sign-in.

The cloud converts the files and students read them, but neither has an account here. So anyone who has the
URL may read the file. The URL contains 128 random bits and a signature, so a guessed URL is rejected without
a query. The URL is valid until the file is deleted.
"""

from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.text import slugify

from classroom_admin.actions.models import Upload
from classroom_admin.common.signed_addresses import signer
from classroom_admin.rooms.models import Resource

_SIGNER: Final = "classroom_admin.files"


def _signer() -> Signer:
    return signer(salt=_SIGNER, sep=".")


def plain_name(upload: Upload) -> str:
    """Return the upload's name in lower-case ASCII, with its extension."""
    stem = slugify(upload.name.rpartition(".")[0])[:60].strip("-_")
    return f"{stem or 'file'}.{upload.ext}"


def address_of(upload: Upload) -> str:
    """Return the upload's signed URL under ``PUBLIC_URL``."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/files/{_signer().sign(upload.key)}/{plain_name(upload)}"


def address_on_record(upload: Upload) -> str:
    """Return the upload's URL for the audit log, without its secret part."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/files/…/{plain_name(upload)}"


def upload_at(*, signed: str, name: str) -> Upload | None:
    """Return the upload with this signed URL and file name.

    Return None if the signature or the name is wrong, or if the file or its bytes were deleted.
    """
    try:
        key = _signer().unsign(signed)
    except BadSignature:
        return None
    upload = Upload.objects.filter(key=key, forgotten_at__isnull=True).first()
    if upload is None or plain_name(upload) != name:
        return None
    return None if is_taken_away(upload) else upload


def is_taken_away(upload: Upload) -> bool:
    """Return whether the file was deleted from its class after it was shared."""
    return Resource.objects.filter(
        room_id=upload.room_id, resource_uuid=upload.resource_uuid, removed_at__isnull=False
    ).exists()
