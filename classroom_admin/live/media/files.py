"""The files of a class as its page shows them: how far a conversion is, and what is about to be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from classroom_admin.actions import held
from classroom_admin.actions.models import HeldDeletion
from classroom_admin.audit.models import Entry
from classroom_admin.rooms import class_selectors, conversion
from classroom_admin.rooms.models import Resource, Room

HOLD: Final = "resource.hold_delete"
STEP_WORDS: Final[dict[str, Promise]] = {
    "Extracting": _("reading the file"),
    "Packaging": _("making the pages"),
    "GeneratingPreview": _("drawing small pictures"),
    "MediaTranscode": _("preparing sound and video"),
}


def held_of(room: Room, entries: Iterable[Entry]) -> list[HeldDeletion]:
    """Deletions that wait or are being sent. `entries`, what was asked last, spare the query: without a hold
    among them there is none.
    """
    if not any(entry.action == HOLD for entry in entries):
        return []
    return list(held.in_force(room))


def files_of(room: Room, deletions: Iterable[HeldDeletion]) -> list[Any]:
    """The files, each with `progress` (None: no conversion), `step_words` and `is_being_deleted`."""
    going = {uuid for one in deletions for uuid in one.resource_uuids}
    files = list(class_selectors.resources(room))
    for file in files:
        _dress(file, going)
    return files


def _dress(file: Any, going: set[str]) -> None:
    file.progress = conversion.progress(
        percent=file.converted_percent, done=file.pages_done, total=file.pages_total, step=file.step
    )
    file.step_words = STEP_WORDS.get(file.progress.step, "") if file.progress else ""
    file.is_being_deleted = file.resource_uuid in going


def chosen(room: Room, keys: Iterable[int]) -> list[Resource]:
    """The files of the class under these keys of ours."""
    return [file for file in class_selectors.resources(room) if file.pk in set(keys)]
