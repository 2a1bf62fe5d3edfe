"""Find out who was present while events were lost, from the notifications about the room's channel.

Events are lost if the cloud no longer has the room. Notifications do not come from the stream of events, so
they may show who entered and left in the meantime. These changes are stored as corrections with the numbers
of the lost events. So projecting the room again gives the same rows.
"""

from collections.abc import Sequence

from django.db import transaction

from classroom_admin.common import clock
from classroom_admin.rooms.models import Presence
from classroom_admin.sync import notices, projector
from classroom_admin.sync.models import PresenceCorrection, RoomCursor, SequenceGap, Stream
from classroom_admin.sync.notification_stays import Change, Lost, changes_in, stays
from classroom_admin.sync.reader import time_after, time_before


def settle_due() -> int:
    """Process the notifications that are due. Return how many rooms changed."""
    rooms = [room for channel in notices.match_due() if (room := notices.room_of(channel)) is not None]
    found = {room.pk for room in rooms} | {room.parent_id for room in rooms if room.parent_id is not None}
    return sum([fill(room_id) for room_id in sorted(found)])


def fill(room_id: int) -> bool:
    """Find out from notifications who entered or left a room while events were lost. Project the room.

    Return whether anything changed. A second call changes nothing.
    """
    lost = _lost_of(room_id)
    room = projector.projectable().filter(pk=room_id).first() if lost else None
    if room is None:
        return False
    notices.match_room(room)
    found = stays(notices.connections(room))
    changed = False
    for gap in lost if found else ():
        lost_events = _surroundings(gap)
        if _replace(gap, lost_events.last, changes_in(lost_events, found)):
            projector.project_room(room_id, past_gaps=True)
            changed = True
    return changed


def _lost_of(room_id: int) -> list[SequenceGap]:
    of_room = SequenceGap.objects.filter(room_id=room_id, stream=Stream.ROOM, state=SequenceGap.State.GAP)
    return list(of_room.order_by("first"))


def _surroundings(gap: SequenceGap) -> Lost:
    entered = Presence.objects.filter(room_id=gap.room_id, entered_sequence__lt=gap.first)
    here = entered.exclude(left_sequence__lt=gap.first)
    stop = time_after(gap.room_id, gap.last)
    return Lost(
        first=gap.first,
        last=None if stop is None else gap.last,
        start=time_before(gap.room_id, gap.first),
        stop=stop,
        here=frozenset(here.values_list("user_uuid", flat=True)),
    )


def _replace(gap: SequenceGap, last: int | None, wanted: Sequence[Change]) -> bool:
    """Replace the stored corrections of the gap with `wanted`. Return whether they differ.

    The stored corrections have numbers from the start of the gap to `last`. If `last` is None, there is no
    limit.
    """
    with transaction.atomic():
        cursor = RoomCursor.objects.select_for_update().get(room_id=gap.room_id, stream=Stream.ROOM)
        if not SequenceGap.objects.filter(pk=gap.pk, state=SequenceGap.State.GAP).exists():
            return False  # the events have arrived in the meantime
        stored = PresenceCorrection.objects.filter(
            room_id=gap.room_id,
            source=PresenceCorrection.Source.NOTICE,
            after_sequence__gte=gap.first,
        )
        if last is not None:
            stored = stored.filter(after_sequence__lte=last)
        known = {(one.user_uuid, one.online, one.at, one.after_sequence) for one in stored}
        if known == {(one.user_uuid, one.online, one.at, one.sequence) for one in wanted}:
            return False
        stored.delete()
        now = clock.now()
        PresenceCorrection.objects.bulk_create(
            [
                PresenceCorrection(
                    room_id=gap.room_id,
                    after_sequence=one.sequence,
                    user_uuid=one.user_uuid,
                    online=one.online,
                    at=one.at,
                    made_at=now,
                    source=PresenceCorrection.Source.NOTICE,
                )
                for one in wanted
            ]
        )
        RoomCursor.objects.filter(pk=cursor.pk).update(needs_full_projection=True, project_due_at=now)
    return True
