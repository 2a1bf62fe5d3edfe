"""The storage of uploaded files, wherever it is: reading a part, and what may go wrong."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.files.storage import FileSystemStorage, default_storage

from classroom_admin.actions.models import Upload


class Readable(Protocol):
    """Bytes that come one after the other."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def storage_errors() -> tuple[type[Exception], ...]:
    """The exceptions of a storage that is full, away or refuses: to be used in an ``except``."""
    if isinstance(default_storage, FileSystemStorage):
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError

    return (OSError, BotoCoreError, ClientError)


def open_at(upload: Upload, *, first: int, last: int) -> Readable:
    """The bytes from ``first`` to ``last`` (both included; a disk may give more). A bucket is asked for just
    these: opening the file as Django does would fetch all of a video for each part that a player wants.
    """
    storage: Any = upload.content.storage
    if hasattr(storage, "bucket"):
        name = storage._normalize_name(upload.content.name)
        answer = storage.bucket.Object(name).get(Range=f"bytes={first}-{last}")
        body: Readable = answer["Body"]
        return body
    file: Any = storage.open(upload.content.name, "rb")
    file.seek(first)
    opened: Readable = file
    return opened
