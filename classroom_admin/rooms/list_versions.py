"""Keep the people of a class list as they were when a class closed, even if the class list changes later.

A version is stored when a class list changes, and when a class with this list closes. So the
right version can be found even if the event about the closing arrives late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from classroom_admin.common import clock
from classroom_admin.rooms.class_lists import people_of_list
from classroom_admin.rooms.models import ClassList, ListVersion, Room, RoomState

UNUSED_KEPT_FOR: Final = timedelta(days=7)
"""The time after which unused versions are deleted. The last events arrive an hour after a room closes."""


def keep(room: Room, *, closed_at: datetime | None) -> None:
    """Store which version of its class list a closed room keeps.

    This is the version at `closed_at` (cloud time), or the current one if it is None. Do nothing if the room
    has no class list, or already has a version.
    """
    if room.class_list_id is None or room.list_version_id is not None:
        return
    version = _version_at(room.class_list_id, closed_at)
    if version is not None:
        room.list_version = version
        Room.objects.filter(pk=room.pk).update(list_version=version)


def current(class_list_id: int) -> ListVersion | None:
    """Return the current version of a class list, or None if the list is unknown."""
    read = ClassList.objects.filter(pk=class_list_id)
    found = read.values("version", "name", listed=people_of_list("pk")).first()
    if found is None:
        return None
    stored = ListVersion.objects.filter(class_list=class_list_id, number=found["version"])
    try:
        with transaction.atomic():
            return stored.first() or ListVersion.objects.create(
                class_list_id=class_list_id,
                number=found["version"],
                name=found["name"],
                people=found["listed"] or [],
            )
    except IntegrityError:  # Another process has stored the version in the meantime.
        return stored.get()


def replaced(class_list: ClassList) -> None:
    """Store the current version before a class list changes. Delete old versions that no room uses."""
    now = clock.cloud_now()
    version = current(class_list.pk)
    if version is not None:
        ListVersion.objects.filter(pk=version.pk).update(replaced_at=now)
    unused = ListVersion.objects.filter(class_list=class_list, rooms=None)
    unused.filter(replaced_at__lt=now - UNUSED_KEPT_FOR).delete()


def forget_unused(class_list: ClassList) -> None:
    """Delete the versions of a class list that no room uses."""
    ListVersion.objects.filter(class_list=class_list, rooms=None).delete()


def is_closed(room: Any) -> bool:
    """Return whether a room is closed or deleted. Such a room keeps a version of its class list."""
    return room.current_state == RoomState.CLOSED or room.gone_at is not None


def _version_at(class_list_id: int, moment: datetime | None) -> ListVersion | None:
    if moment is not None:
        later = ListVersion.objects.filter(class_list=class_list_id, replaced_at__gt=moment)
        if version := later.order_by("number").first():
            return version
    return current(class_list_id)
