"""Leave out events of sealed classes. Retention has deleted their events, so their rows must not change.

A late event of a sealed class is counted, but neither stored nor quarantined. Call `leave_out` while the
cursors of the rooms are locked, so that an event is either stored before the class is sealed, or left out.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import F

from classroom_admin.common.chunks import chunks
from classroom_admin.rooms.models import ClassRetention, Room
from classroom_admin.sync.sorting import Sorted


def leave_out(batch: Sorted, *, received_at: datetime) -> None:
    """Remove the events of sealed classes from `batch`, and count them."""
    classes = _sealed({room_uuid for room_uuid, _stream in batch.places})
    if not classes:
        return
    late: dict[int, int] = {}
    for place in [place for place in batch.places if place[0] in classes]:
        class_id = classes[place[0]]
        late[class_id] = late.get(class_id, 0) + len(batch.places.pop(place))
    batch.repeats = [one for one in batch.repeats if one[0][0] not in classes]
    _count(late, received_at)


def counts_late(room_uuid: str, *, received_at: datetime) -> bool:
    """Return whether the room is sealed. If so, count one late event."""
    classes = _sealed([room_uuid])
    _count(dict.fromkeys(classes.values(), 1), received_at)
    return bool(classes)


def _sealed(room_uuids: Collection[str]) -> dict[str, int]:
    """Return the id of the class of each sealed room, by the room's cloud id."""
    found: dict[str, int] = {}
    for chunk in chunks(sorted(room_uuids)):
        rooms = Room.objects.filter(room_uuid__in=chunk, sealed_at__isnull=False)
        for room_uuid, room_id, parent_id in rooms.values_list("room_uuid", "pk", "parent_id"):
            found[room_uuid] = parent_id or room_id
    return found


def _count(late: Mapping[int, int], received_at: datetime) -> None:
    for class_id, number in late.items():
        ClassRetention.objects.filter(room_id=class_id).update(
            late_events=F("late_events") + number, late_event_at=received_at
        )
