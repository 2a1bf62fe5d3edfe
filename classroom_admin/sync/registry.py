"""Create rooms and their cursors, lock the cursors, and set when rooms are due.

A breakout room may have events under its own id. Its room is created like any other and linked to the class
that named the id (`Room.parent`), because pages show its events there.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.events import RoomRow, Rows
from classroom_admin.rooms import list_versions
from classroom_admin.rooms.models import Participant, Room, RoomState
from classroom_admin.sync import presence_corrections, signals
from classroom_admin.sync.cursors import Cursor, lock_cursors, save_cursors
from classroom_admin.sync.models import NUMBERED, RoomCursor, RoomRefresh, Stream
from classroom_admin.sync.sorting import Place

FILES_AFTER = timedelta(seconds=3)
RECONCILE_AFTER_END = timedelta(seconds=5)
ADVANCED = ("stored_sequence", "received_to", "needs_full_projection", "project_due_at")


def lock(places: Iterable[Place]) -> dict[Place, Cursor]:
    """Lock and return the cursors of these rooms and streams. Create missing rooms and cursors."""
    wanted = set(places)
    names = _names(wanted)
    if missing := wanted - set(names.values()):
        register(sorted({room_uuid for room_uuid, _stream in missing}))
        names = _names(wanted)
    return {names[cursor.id]: cursor for cursor in lock_cursors("id", sorted(names))}


def _names(wanted: set[Place]) -> dict[int, Place]:
    """Return the room and stream of each existing cursor, by the cursor's id."""
    names: dict[int, Place] = {}
    streams = {stream for _room_uuid, stream in wanted}
    for chunk in chunks(sorted({room_uuid for room_uuid, _stream in wanted})):
        rows = RoomCursor.objects.filter(room__room_uuid__in=chunk, stream__in=streams)
        for pk, room_uuid, stream in rows.values_list("id", "room__room_uuid", "stream"):
            if (room_uuid, stream) in wanted:
                names[pk] = (room_uuid, stream)
    return names


def lock_rooms(room_ids: Sequence[int], *, skip_locked: bool = False) -> dict[int, list[Cursor]]:
    """Lock and return the cursors of these rooms, by room id.

    Every transaction locks the cursors before the rooms. This prevents deadlocks.
    """
    found: dict[int, list[Cursor]] = {}
    for cursor in lock_cursors("room_id", room_ids, skip_locked=skip_locked):
        found.setdefault(cursor.room_id, []).append(cursor)
    return found


def lock_free_rooms(room_ids: Sequence[int]) -> dict[int, list[Cursor]]:
    """Lock and return the cursors of these rooms, except rooms of which another process has locked any."""
    of_rooms = RoomCursor.objects.filter(room_id__in=room_ids).values("room_id").annotate(all=Count("id"))
    number = dict(of_rooms.values_list("room_id", "all"))
    locked = lock_rooms(room_ids, skip_locked=True)
    return {room_id: own for room_id, own in locked.items() if len(own) == number.get(room_id)}


def register(room_uuids: Iterable[str]) -> None:
    """Create unknown rooms and their cursors. Make these rooms due for refresh and reconciliation."""
    now = clock.now()
    for chunk in chunks(room_uuids):
        parents = _parents(chunk)
        Room.objects.bulk_create(
            [
                Room(room_uuid=room_uuid, known_since=now, parent_id=parents.get(room_uuid))
                for room_uuid in chunk
            ],
            ignore_conflicts=True,
        )
        adopt(Room.objects.filter(room_uuid__in=chunk).values_list("id", flat=True))


def _parents(room_uuids: Iterable[str]) -> dict[str, int]:
    """Return the id of the class of each breakout room, by the breakout room's id."""
    wanted = set(room_uuids)
    classes = Room.objects.filter(groups_sequence__gt=0, parent=None).order_by("pk")
    return {
        group_uuid: room_id
        for room_id, known_groups in classes.values_list("pk", "known_groups")
        for group_uuid in known_groups
        if group_uuid in wanted
    }


def _link_breakout_rooms(room: Room, group_uuids: Iterable[str]) -> None:
    """Link breakout rooms to their class, if they were known before the class named them.

    A property may contain any id. So do not link a room that was known before the class, has an assigned
    teacher or a class list, or had a teacher who was never in the class.
    """
    named = Room.objects.filter(room_uuid__in=list(group_uuids), parent=None).exclude(pk=room.pk)
    if not named.exists():
        return  # the usual case: the events of breakout rooms have the id of the class
    candidates = named.filter(known_since__gte=room.known_since, breakout_rooms=None)
    room_ids = set(candidates.filter(teachers=None, class_list=None).values_list("pk", flat=True))
    teachers = Participant.objects.filter(room_id__in=room_ids, was_teacher=True)
    if room_ids and (pairs := list(teachers.values_list("room_id", "user_uuid"))):
        known = set(Participant.objects.filter(room=room).values_list("user_uuid", flat=True))
        room_ids -= {room_id for room_id, user_uuid in pairs if user_uuid not in known}
    if room_ids:
        Room.objects.filter(pk__in=room_ids).update(parent=room, version=F("version") + 1)


def _tell_class(room_id: int) -> None:
    """Increase the version of a class, because its pages show the events of its breakout room."""
    Room.objects.filter(pk=room_id).update(version=F("version") + 1)


def adopt(room_ids: Iterable[int]) -> None:
    """Create the missing cursors and room refreshes of these rooms, and make them due now."""
    ids = list(room_ids)
    now = clock.cloud_now()
    RoomCursor.objects.bulk_create(
        [
            RoomCursor(room_id=room_id, stream=stream, reconcile_due_at=now if stream in NUMBERED else None)
            for room_id in ids
            for stream in Stream.values
        ],
        ignore_conflicts=True,
    )
    RoomRefresh.objects.bulk_create(
        [RoomRefresh(room_id=room_id, profile_due_at=now) for room_id in ids], ignore_conflicts=True
    )


def adopt_all() -> int:
    """Create cursors for all rooms that have none. Return how many rooms there were."""
    without = Room.objects.filter(~Exists(RoomCursor.objects.filter(room=OuterRef("pk"))))
    ids = list(without.values_list("id", flat=True))
    for chunk in chunks(ids):
        adopt(chunk)
    return len(ids)


def advance(touched: Sequence[Cursor]) -> None:
    """Save the cursors of streams with new events, and make the streams due for projection."""
    now = clock.now()
    for cursor in touched:
        cursor.project_due_at = now
    save_cursors(touched, ADVANCED)


def revive(room_ids: Iterable[int]) -> list[int]:
    """Mark rooms as present in the cloud, because events arrived. Return the ids of rooms that were gone."""
    back: list[int] = []
    for chunk in chunks(room_ids):
        back += Room.objects.filter(id__in=chunk, gone_at__isnull=False).values_list("id", flat=True)
    if back:
        soon = clock.cloud_now() + timedelta(seconds=1)
        Room.objects.filter(id__in=back).update(gone_at=None, version=F("version") + 1)
        RoomCursor.objects.filter(room_id__in=back, stream__in=NUMBERED).update(reconcile_due_at=soon)
    return back


def follow_up(room: Room, *, before: RoomRow, rows: Rows) -> None:
    """Schedule what a projection makes necessary. Call this in its transaction.

    New breakout rooms are linked to their class. After a change of the class state, the room is refreshed.
    After the end of the class, it is reconciled. After the end of a recording, its files are requested.
    """
    now = clock.cloud_now()
    if room.parent_id is not None:
        transaction.on_commit(partial(_tell_class, room.parent_id))
    elif named := rows.room.known_groups.keys() - before.known_groups.keys():
        _link_breakout_rooms(room, named)
    if rows.room.state != before.state:
        RoomRefresh.objects.filter(room=room).update(profile_due_at=now, profile_failures=0)
        if rows.room.state == RoomState.CLOSED:
            list_versions.keep(room, closed_at=rows.room.closed_at)
        if rows.room.state in (RoomState.ENDED, RoomState.CLOSED):
            soon = now + RECONCILE_AFTER_END
            later = Q(reconcile_due_at__isnull=True) | Q(reconcile_due_at__gt=soon)
            cursors = RoomCursor.objects.filter(later, room=room, stream__in=NUMBERED)
            cursors.update(reconcile_due_at=soon)
    presence_corrections.follow_up(room, before=before, after=rows.room)
    changed = [rows.recordings.get(str(key[1])) for key in rows.dirty if key[0] == "recording"]
    if any(recording is not None and recording.state != "recording" for recording in changed):
        not_due = RoomRefresh.objects.filter(room=room, recordings_due_at__isnull=True)
        not_due.update(recordings_due_at=now + FILES_AFTER, recordings_asks=0)
    signals.projected.send(sender=Room, room=room, before=before, rows=rows)
