"""Keep an uploaded class list file until its people are applied to the list, and import OneRoster classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from django.db import transaction

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission
from classroom_admin.actions import class_lists
from classroom_admin.actions.class_lists import LONGEST_NAME, Changes
from classroom_admin.actions.files import scanning
from classroom_admin.common import clock
from classroom_admin.rooms.access import NotYours
from classroom_admin.rooms.class_list_files.cells import UnreadableFile, WrongEncoding
from classroom_admin.rooms.class_list_files.contents import Contents, Options, read_contents
from classroom_admin.rooms.class_list_files.oneroster import RosterClass
from classroom_admin.rooms.class_lists import FILES_KEPT_FOR, visible_lists
from classroom_admin.rooms.models import ClassList, ClassListFile

MOST_FILES: Final = 5
"""The largest number of stored files per person. The oldest files are deleted first."""


def store_file(*, actor: User, class_list: ClassList | None, name: str, content: bytes) -> ClassListFile:
    """Store an uploaded file for a class list. If ``class_list`` is None, it is a OneRoster export.

    The file replaces earlier files for the same list. Only the newest ``MOST_FILES`` of a person are kept,
    for ``FILES_KEPT_FOR``. Raise UnreadableFile if the file is infected or not a table.
    """
    if not actor.is_active or (class_list and not visible_lists(actor).filter(pk=class_list.pk).exists()):
        raise NotYours
    permissions.require(actor, Permission.CLASS_LISTS)
    return keep_file(actor=actor, class_list=class_list, name=name, content=content, read=read_contents)


def keep_file(
    *,
    actor: User,
    class_list: ClassList | None,
    name: str,
    content: bytes,
    read: Callable[[bytes, Options], object],
    of_accounts: bool = False,
) -> ClassListFile:
    """Store an uploaded file of people in place of earlier ones for the same purpose.

    `of_accounts` says that its people are not students but people who sign in. Raise UnreadableFile if the
    file is infected, or if `read` can't read it.
    """
    if wrong := scanning.problem(BytesIO(content)):
        raise UnreadableFile(wrong)
    with suppress(WrongEncoding):  # the person can choose another encoding later
        read(content, Options())
    own = ClassListFile.objects.filter(owner=actor)
    with transaction.atomic():
        own.filter(class_list=class_list, of_accounts=of_accounts).delete()
        own.filter(pk__in=own.order_by("-pk").values_list("pk", flat=True)[MOST_FILES - 1 :]).delete()
        return ClassListFile.objects.create(
            owner=actor,
            class_list=class_list,
            of_accounts=of_accounts,
            name=name.replace("\x00", "")[:255],
            content=content,
            stored_at=clock.now(),
        )


def contents_of(file: ClassListFile) -> Contents:
    """Read the file with the options that its owner chose. Raise UnreadableFile if it is not a table."""
    of = file.class_list or ClassList()
    options = Options(**file.options, usual=of.mapping, usual_class_id=of.sourced_id)
    return read_contents(bytes(file.content), options)


def choose(file: ClassListFile, options: Mapping[str, Any]) -> None:
    """Store the ``Options`` that the owner chose for a file."""
    file.options = dict(options)
    file.save(update_fields=["options"])


def apply_file(*, actor: User, file: ClassListFile, contents: Contents, version: int) -> Changes:
    """Replace the people on a class list with those in its uploaded file. Delete the file.

    `version` is the version of the list on the person's page. Raise ``ActionRefused`` if the list has changed
    since.
    """
    if file.owner_id != actor.pk or file.class_list is None:
        raise NotYours
    permissions.require(actor, Permission.CLASS_LISTS)
    with transaction.atomic():
        changes = apply_contents(actor=actor, class_list=file.class_list, contents=contents, version=version)
        file.delete()
    return changes


def apply_contents(*, actor: User, class_list: ClassList, contents: Contents, version: int) -> Changes:
    """Replace the people on a list with those in a file.

    Also store the file's column roles or its OneRoster class id, for the next import.
    """
    with transaction.atomic():
        changes = class_lists.set_people(
            actor=actor, class_list=class_list, people=contents.people, version=version
        )
        found = ClassList.objects.filter(pk=class_list.pk)
        if contents.classes:
            found.update(sourced_id=contents.class_id)
        else:
            found.update(mapping=dict(contents.mapping))
    return changes


def lists_of_classes(actor: User, class_ids: Iterable[str]) -> dict[str, ClassList]:
    """Return the class list of each OneRoster class, by class id. Prefer the lists that `actor` owns."""
    lists = visible_lists(actor).filter(sourced_id__in=list(class_ids))
    found: dict[str, ClassList] = {}
    for each in sorted(lists, key=lambda one: one.owner_id != actor.pk):
        found.setdefault(each.sourced_id, each)
    return found


def import_classes(
    *, actor: User, file: ClassListFile, classes: Iterable[RosterClass], versions: Mapping[str, int]
) -> int:
    """Create or update the list of each class and delete the file. Return how many lists changed.

    `versions` has the version of each list on the person's page, by class id. If a list has changed since,
    raise ``ActionRefused`` and change no list.
    """
    if file.owner_id != actor.pk:
        raise NotYours
    permissions.require(actor, Permission.CLASS_LISTS)
    chosen = {each.sourced_id: each for each in classes}
    done = 0
    with transaction.atomic():
        existing = lists_of_classes(actor, chosen)
        for class_id, each in chosen.items():
            found = existing.get(class_id)
            version = versions.get(class_id, 0)
            if found is None:
                found = class_lists.make_list(actor=actor, name=each.title[:LONGEST_NAME])
                ClassList.objects.filter(pk=found.pk).update(sourced_id=class_id)
                version = found.version
                done += 1
            changes = class_lists.set_people(
                actor=actor, class_list=found, people=each.people, version=version
            )
            done += changes.any and class_id in existing
        file.delete()
    return done


def delete_expired() -> int:
    """Delete uploaded files that have expired. Return how many."""
    number, _of_kinds = ClassListFile.objects.filter(stored_at__lte=clock.now() - FILES_KEPT_FOR).delete()
    return number
