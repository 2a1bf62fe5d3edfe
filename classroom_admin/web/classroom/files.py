"""The files of a class for the class page, with conversion progress and pending deletions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms import conversion

HOLD: Final = "resource.hold_delete"
UNDO: Final = "resource.undo_delete"
DELETE: Final = "resource.delete"
STEP_WORDS: Final[dict[str, Promise]] = {
    "Extracting": _("reading the file"),
    "Packaging": _("creating the pages"),
    "GeneratingPreview": _("creating thumbnails"),
    "MediaTranscode": _("preparing audio and video"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeletion:
    """A deletion that can still be undone. `entry_id` is its audit log entry. `due_at` is a cloud time."""

    entry_id: int
    names: list[str]
    resource_uuids: list[str]
    due_at: datetime


def pending_deletions(entries: list[Entry]) -> list[PendingDeletion]:
    """Return the deletions in `entries` that can still be undone. `entries` has the newest entry first."""
    over = {entry.params.get("hold") for entry in entries if entry.action in (UNDO, DELETE)}
    return [
        PendingDeletion(
            entry_id=entry.pk,
            names=entry.params["names"],
            resource_uuids=entry.params["resource_uuids"],
            due_at=clock.from_ms(entry.params["due_ms"]),
        )
        for entry in reversed(entries)
        if entry.action == HOLD and entry.pk not in over and not _has_failed(entry)
    ]


def _has_failed(entry: Entry) -> bool:
    return any(step.kind == Step.Kind.FAILED for step in entry.steps.all())


def add_progress(files: list[Any], deletions: Iterable[PendingDeletion]) -> list[Any]:
    """Set `progress`, `step_words` and `is_being_deleted` on each file.

    The files need `step`, `pages_done` and `pages_total`. `progress` is None if no conversion was requested.
    """
    being_deleted = {uuid for deletion in deletions for uuid in deletion.resource_uuids}
    for file in files:
        file.progress = conversion.progress(
            percent=file.converted_percent, done=file.pages_done, total=file.pages_total, step=file.step
        )
        file.step_words = STEP_WORDS.get(file.progress.step, "") if file.progress else ""
        file.is_being_deleted = file.resource_uuid in being_deleted
    return files
