"""The files of a class as its page shows them: how far a conversion is, and what is about to be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classroom_admin.audit.models import Entry, Step
from classroom_admin.common import clock
from classroom_admin.rooms import class_selectors, conversion
from classroom_admin.rooms.models import Room

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
class Held:
    """A deletion that can still be taken back. `hold` is its entry on record, `due_at` in cloud time."""

    hold: int
    names: list[str]
    resource_uuids: list[str]
    due_at: datetime


def held_of(entries: list[Entry]) -> list[Held]:
    """The deletions that wait, by the record of what was asked last: neither taken back nor sent. Pure."""
    over = {entry.params.get("hold") for entry in entries if entry.action in (UNDO, DELETE)}
    return [
        Held(
            hold=entry.pk,
            names=entry.params["names"],
            resource_uuids=entry.params["resource_uuids"],
            due_at=clock.from_ms(entry.params["due_ms"]),
        )
        for entry in reversed(entries)
        if entry.action == HOLD and entry.pk not in over and not _has_failed(entry)
    ]


def _has_failed(entry: Entry) -> bool:
    return any(step.kind == Step.Kind.FAILED for step in entry.steps.all())


def files_of(room: Room, deletions: Iterable[Held]) -> list[Any]:
    """The files, each with `progress` (None: no conversion), `step_words` and `is_being_deleted`."""
    return dressed(list(class_selectors.resources(room)), deletions)


def dressed(files: list[Any], deletions: Iterable[Held]) -> list[Any]:
    """The same files, with what the panel shows of each; they have `step`, `pages_done` and `pages_total`."""
    going = {uuid for one in deletions for uuid in one.resource_uuids}
    for file in files:
        _dress(file, going)
    return files


def _dress(file: Any, going: set[str]) -> None:
    file.progress = conversion.progress(
        percent=file.converted_percent, done=file.pages_done, total=file.pages_total, step=file.step
    )
    file.step_words = STEP_WORDS.get(file.progress.step, "") if file.progress else ""
    file.is_being_deleted = file.resource_uuid in going
