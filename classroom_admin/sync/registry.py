"""Rooms and their cursors: made where nobody announced them, locked where their events are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Exists, F, OuterRef

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import Room
from classroom_admin.sync import statements
from classroom_admin.sync.models import NUMBERED, Errand, RoomCursor, Stream
from classroom_admin.sync.sorting import Place

ADVANCED = ("stored_sequence", "received_to", "needs_refold", "fold_due_at")


def lock(places: Iterable[Place]) -> dict[Place, RoomCursor]:
    """The cursors of these places, locked until the transaction ends; rooms and cursors are made where new.

    Locks are taken in the order of the cursors' ids, so that two writers never wait for one another.
    """
    wanted = set(places)
    names = _names(wanted)
    if missing := wanted - set(names.values()):
        register(sorted({room_uuid for room_uuid, _stream in missing}))
        names = _names(wanted)
    locked: dict[Place, RoomCursor] = {}
    for chunk in chunks(sorted(names)):
        for cursor in RoomCursor.objects.select_for_update().filter(id__in=chunk).order_by("id"):
            locked[names[cursor.pk]] = cursor
    return locked


def _names(wanted: set[Place]) -> dict[int, Place]:
    """The places that are known, by their cursors' ids."""
    names: dict[int, Place] = {}
    streams = {stream for _room_uuid, stream in wanted}
    for chunk in chunks(sorted({room_uuid for room_uuid, _stream in wanted})):
        rows = RoomCursor.objects.filter(room__room_uuid__in=chunk, stream__in=streams)
        for pk, room_uuid, stream in rows.values_list("id", "room__room_uuid", "stream"):
            if (room_uuid, stream) in wanted:
                names[pk] = (room_uuid, stream)
    return names


def register(room_uuids: Iterable[str]) -> None:
    """Make rooms that are not known yet, with their cursors, to be read back from the cloud and swept at
    once.
    """
    now = clock.now()
    for chunk in chunks(room_uuids):
        Room.objects.bulk_create(
            [Room(room_uuid=room_uuid, known_since=now) for room_uuid in chunk], ignore_conflicts=True
        )
        adopt(Room.objects.filter(room_uuid__in=chunk).values_list("id", flat=True))


def adopt(room_ids: Iterable[int]) -> None:
    """Give rooms their cursors and their first errand. What is there already stays as it is."""
    ids = list(room_ids)
    now = clock.cloud_now()
    RoomCursor.objects.bulk_create(
        [
            RoomCursor(room_id=room_id, stream=stream, sweep_due_at=now if stream in NUMBERED else None)
            for room_id in ids
            for stream in Stream.values
        ],
        ignore_conflicts=True,
    )
    Errand.objects.bulk_create(
        [Errand(room_id=room_id, profile_due_at=now) for room_id in ids], ignore_conflicts=True
    )


def adopt_all() -> int:
    """Adopt the rooms that were made elsewhere (a class created here). Gives how many."""
    without = Room.objects.filter(~Exists(RoomCursor.objects.filter(room=OuterRef("pk"))))
    ids = list(without.values_list("id", flat=True))
    for chunk in chunks(ids):
        adopt(chunk)
    return len(ids)


def advance(cursors: Sequence[RoomCursor]) -> None:
    """Write how far cursors are that got new events, and that there is something to project."""
    now = clock.now()
    for cursor in cursors:
        cursor.fold_due_at = now
    statements.update_objects(cursors, ADVANCED)


def revive(room_ids: Iterable[int]) -> list[int]:
    """Take rooms that were thought gone for living, since an event of them came. Gives those that were."""
    back: list[int] = []
    for chunk in chunks(room_ids):
        back += Room.objects.filter(id__in=chunk, gone_at__isnull=False).values_list("id", flat=True)
    if back:
        soon = clock.cloud_now() + timedelta(seconds=1)
        Room.objects.filter(id__in=back).update(gone_at=None, version=F("version") + 1)
        RoomCursor.objects.filter(room_id__in=back, stream__in=NUMBERED).update(sweep_due_at=soon)
    return back
