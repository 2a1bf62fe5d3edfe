"""Fill sequence gaps: request the missing events from the repeatable endpoints."""

from datetime import timedelta
from functools import partial
from itertools import groupby

from django.db import transaction
from django.db.models import F

from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError
from classroom_admin.common import clock
from classroom_admin.common.due_times import has_come
from classroom_admin.rooms.models import Room
from classroom_admin.sync import gaps, room_events
from classroom_admin.sync.models import SequenceGap
from classroom_admin.sync.room_events import Fetched

TRY_AGAIN = timedelta(seconds=10)


def fill_due(client: Client, *, most: int | None = None, all_open: bool = False) -> Fetched:
    """Request the missing events of gaps that are due. With `all_open`, include all open gaps.

    If there are more than 5,000 gaps, fill those that have waited longest. `most` limits the number of
    requests.
    """
    waiting = SequenceGap.objects.filter(
        ask_due_at__isnull=False, room__gone_at__isnull=True, room__sealed_at__isnull=True
    )
    if not all_open:
        waiting = waiting.filter(has_come("ask_due_at", now=clock.now(), longest=TRY_AGAIN))
    # Group the gaps by stream, so that one request can fill neighbouring gaps.
    due = sorted(
        waiting.select_related("room").order_by("ask_due_at", "id")[:5000],
        key=lambda gap: (gap.room_id, gap.stream, gap.first),
    )
    result = Fetched()
    for (room_id, _stream), group in groupby(due, key=lambda gap: (gap.room_id, gap.stream)):
        if result.ends or (most is not None and result.requests >= most):
            break
        of_stream = list(group)
        with room_events.outcome_in(
            result,
            room_id,
            invalid=partial(room_events.mark_gone, room_id, existed=False),
            failed=partial(_ask_again_later, of_stream),
        ):
            result.add(_fill(client, of_stream))
    return result


def _ask_again_later(due: list[SequenceGap], error: CloudError) -> None:
    SequenceGap.objects.filter(pk__in=[gap.pk for gap in due]).update(ask_due_at=clock.now() + TRY_AGAIN)


def _fill(client: Client, due: list[SequenceGap]) -> Fetched:
    """Request the missing events of one stream."""
    first = due[0]
    fetched = room_events.fetch(
        client,
        room_uuid=first.room.room_uuid,
        stream=first.stream,
        first=first.first,
        last=due[-1].last + 1,
    )
    now = clock.now()
    with transaction.atomic():
        gaps.lock(first.room_id)
        left = SequenceGap.objects.filter(
            room_id=first.room_id, stream=first.stream, first__gte=first.first, ask_due_at__isnull=False
        )
        for gap in left:
            if gap.last < fetched.covered_to:
                gaps.state_after_ask(gap, asked_at=now)
            else:
                gap.ask_due_at = now + TRY_AGAIN
            gap.save()
        if any(gap.state == SequenceGap.State.VOID for gap in left):
            # No event is missing any more, so pages and reports about this class change.
            Room.objects.filter(pk=first.room_id).update(version=F("version") + 1)
    return fetched
