"""Read parts of uploaded files from a disk or a bucket."""

from typing import Any, Protocol

from django.core.files.storage import FileSystemStorage, default_storage

from classroom_admin.actions.models import Upload


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def storage_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that a storage raises if it is full, unreachable or denies access."""
    if isinstance(default_storage, FileSystemStorage):
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError

    return (OSError, BotoCoreError, ClientError)


def open_at(upload: Upload, *, first: int, last: int) -> Readable:
    """Open an upload for reading from byte ``first`` to ``last`` (inclusive).

    A stream from a disk continues after ``last``. From a bucket, only this range is requested.
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
