"""The error that every part of backup and restore raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BackupProblem(Exception):
    """Raised if a backup can't be made, verified or restored. The message says why and what to do."""


@contextmanager
def in_words(what: str | Path) -> Iterator[None]:
    """Turn an ``OSError`` into a ``BackupProblem``.

    Its message begins with the path in the error, or with `what` if the error has none.
    """
    try:
        yield
    except OSError as error:
        raise BackupProblem(f"{error.filename or what}: {error.strerror or error}.") from error
