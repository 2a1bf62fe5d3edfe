"""Find the ended classes whose attendance is ready.

It is ready when the stored figures contain all events, and no event has arrived for a while. If events do not
stop, it is ready some minutes after the end. Later corrections give no further notice.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from classroom_admin.common import clock
from classroom_admin.integrations.notices import recorder
from classroom_admin.integrations.notices.models import Notice
from classroom_admin.integrations.notices.occurrences import LATEST, Occurrence
from classroom_admin.reports import summaries
from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.models import Room


def find_ready() -> int:
    """Store a notice for each ended class whose attendance is ready. Return how many there were."""
    awaiting = Notice.objects.filter(awaits_attendance=True)
    awaiting.filter(at__lt=clock.cloud_now() - LATEST).update(awaits_attendance=False)
    ended = list(awaiting.order_by("pk"))
    if not ended:
        return 0
    outdated = set(
        summaries.outdated(Room.objects.filter(pk__in=[one.room_id for one in ended])).values_list(
            "pk", flat=True
        )
    )
    known: Any = ClassSummary.objects.filter(room__in=[one.room_id for one in ended]).select_related("room")
    by_room = {one.room_id: one for one in known}
    return sum(
        _store(one, by_room[one.room_id])
        for one in ended
        if one.room_id in by_room and _is_ready(one, by_room[one.room_id], one.room_id in outdated)
    )


def _is_ready(ended: Notice, summary: ClassSummary, is_outdated: bool) -> bool:
    room, now = summary.room, clock.cloud_now()
    if not summaries.is_over(room) or summary.made_at < ended.found_at:
        return False
    quiet = room.last_event_at is None or room.last_event_at < now - summaries.QUIET
    return (quiet and not is_outdated) or ended.at < now - 2 * summaries.LATEST


def _store(ended: Notice, summary: ClassSummary) -> bool:
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=ended.room_id)
        if not Notice.objects.filter(pk=ended.pk, awaits_attendance=True).update(awaits_attendance=False):
            return False
        found = Occurrence(
            kind=Notice.Kind.ATTENDANCE_READY,
            name=ended.number,
            at=clock.cloud_now(),
            concerns=ended.at,
            data={"students": summary.students, "complete": summary.is_complete},
        )
        return bool(recorder.record(room, [found]))
