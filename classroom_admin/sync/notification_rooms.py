"""Use the notifications about channels to find classes of which no event is known.

A channel has the id of its room, but a project may have channels that are not classes. So the cloud is asked
for a room with this id. If there is a room, it is registered, and reconciliation and refresh read the rest.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Final

from django.db.models import Exists, Min, OuterRef, QuerySet

from classroom_admin.agora.calls import ReadRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, InvalidArgument, RoomNotFound
from classroom_admin.common import clock
from classroom_admin.rooms.models import Room
from classroom_admin.sync import health, notices, registry
from classroom_admin.sync.models import ChannelNotice
from classroom_admin.sync.room_events import Fetched

log = logging.getLogger(__name__)

NO_CLASS_FOR: Final = timedelta(hours=1)
"""How long not to ask again about a channel that is not a class, despite new notifications."""
DEADLINE_S: Final = 5.0


def find_due(client: Client, *, most: int | None = None, at_once: bool = False) -> Fetched:
    """Ask the cloud for unknown rooms that notifications name. Register the rooms that exist.

    Only notifications that have waited for `FIRST_WAIT` are due. With `at_once`, all are due. `most` limits
    the number of requests.
    """
    result = Fetched()
    for channel in islice(_channels(at_once=at_once), most):
        result.requests += 1
        try:
            client.send(ReadRoom(room_uuid=channel), deadline_s=DEADLINE_S)
        except (RoomNotFound, InvalidArgument):
            _of(channel).update(people_asked=True)
        except CloudError as error:
            result.problems.append(health.problem_of(error))
            break
        else:
            log.warning("no event told of room %s, but a notification did", channel)
            registry.register([channel])
            _of(channel).update(match_due_at=clock.now() + notices.FIRST_WAIT)
    return result


def _channels(*, at_once: bool) -> Iterator[str]:
    """Yield the channels to ask about. The channel that has waited longest is first."""
    now = clock.now()
    known = Room.objects.filter(room_uuid=OuterRef("room_uuid"))
    asked = ChannelNotice.objects.filter(
        room_uuid=OuterRef("room_uuid"), people_asked=True, received_at__gt=now - NO_CLASS_FOR
    )
    due = ChannelNotice.objects.filter(
        ~Exists(known), ~Exists(asked), event_type__in=notices.PEOPLE, match_due_at__isnull=False
    ).exclude(people_asked=True)
    if not at_once:
        due = due.filter(match_due_at__lte=now, received_at__lte=now - notices.FIRST_WAIT)
    channels = due.values("room_uuid").annotate(first=Min("match_due_at")).order_by("first", "room_uuid")
    for channel in channels.values_list("room_uuid", flat=True):
        if notices.room_of(channel) is None:
            yield channel


def _of(channel: str) -> QuerySet[ChannelNotice]:
    return ChannelNotice.objects.filter(
        room_uuid=channel, event_type__in=notices.PEOPLE, match_due_at__isnull=False
    )
