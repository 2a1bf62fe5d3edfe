"""Correct who is present: read the people of a room if the cloud's count differs from ours.

A person with two tabs joins and leaves twice, and an event may be missing. Therefore, events may report that
a person left although the person is still present, or the opposite. The events contain the count of people in
the room (`total`). If the counts differ for some seconds, we read people one by one, because no call lists
them. A correction is stored and projected like an event.
"""

from datetime import datetime, timedelta

from django.db import transaction

from classroom_admin.agora.calls import ReadUser
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import UserNotFound
from classroom_admin.common import clock
from classroom_admin.events import Event, RoomRow, correction
from classroom_admin.events.presence import Movement
from classroom_admin.rooms.models import Participant, Presence, Room, RoomState
from classroom_admin.sync.models import PresenceCorrection, RoomCursor, RoomRefresh, SequenceGap, Stream

FIRST = timedelta(seconds=5)
"""How long the counts may differ, because simultaneous events may arrive in several responses."""
AGAIN, LATEST = timedelta(minutes=1), timedelta(hours=1)
"""The shortest and longest wait after a read that corrected nothing. Each wait is twice the previous one."""
AT_ONCE = 30
"""The maximum number of people to read at once. The next read continues with the others."""


CORRECTION = 0
"""The id of every correction during a projection. Events have the id of their row."""


def of(room_id: int) -> list[Event[Movement]]:
    """Return the corrections of a room as events of the stream `room`, in the order of projection."""
    found = PresenceCorrection.objects.filter(room_id=room_id).order_by("after_sequence", "pk")
    return [
        correction(
            user_uuid=one.user_uuid,
            online=one.online,
            sequence=one.after_sequence,
            at_ms=round(one.at.timestamp() * 1000),
        )
        for one in found
    ]


def follow_up(room: Room, *, before: RoomRow, after: RoomRow) -> None:
    """Schedule a read of the people if a projection made their count wrong. Cancel it if it is now right."""
    refresh = RoomRefresh.objects.filter(room=room)
    if _differs(after):
        refresh.filter(people_due_at__isnull=True).update(people_due_at=clock.cloud_now() + FIRST)
    elif _differs(before):
        refresh.update(people_due_at=None, people_asks=0)


def _differs(room: RoomRow | Room) -> bool:
    over = room.state == RoomState.CLOSED
    return not over and room.people_total is not None and room.people_total != room.people_online


def read(client: Client, due: RoomRefresh) -> int:
    """Read at most ``AT_ONCE`` people of the room, until the counts agree. Return the number of requests.

    Store the corrections and make the room due for projection. Raise the client's errors.
    """
    room = Room.objects.get(pk=due.room_id)
    if not _differs(room) or room.gone_at is not None:
        RoomRefresh.objects.filter(pk=due.pk).update(people_due_at=None, people_asks=0)
        return 0
    if SequenceGap.objects.filter(room=room, stream=Stream.ROOM, state=SequenceGap.State.OPEN).exists():
        RoomRefresh.objects.filter(pk=due.pk).update(people_due_at=clock.cloud_now() + FIRST)
        return 0
    assert room.people_total is not None
    missing = room.people_total - room.people_online
    people = _candidates(room, online=missing < 0, round_number=due.people_asks)
    wrong: list[Participant] = []
    requests = 0
    for person in people:
        requests += 1
        if _is_online(client, room, person) != person.online:
            wrong.append(person)
            if len(wrong) == abs(missing):
                break
    corrected = _store(room, wrong) if wrong else 0
    _plan_next(due, corrected=corrected)
    return requests


def _candidates(room: Room, *, online: bool, round_number: int) -> list[Participant]:
    """Return the people to read, those with the latest changes first. The next round returns others."""
    people = Participant.objects.filter(room=room, online=online).order_by("-version", "pk")
    start = AT_ONCE * round_number
    count = people.count()
    start = start % count if count else 0
    return list(people[start : start + AT_ONCE])


def _is_online(client: Client, room: Room, person: Participant) -> bool:
    try:
        return client.send(ReadUser(room_uuid=room.room_uuid, user_uuid=person.user_uuid)).state == 1
    except UserNotFound:
        return False


def _store(room: Room, wrong: list[Participant]) -> int:
    """Store corrections, except for people with a newer projected event; return how many were stored."""
    now = clock.cloud_now()
    with transaction.atomic():
        cursor = RoomCursor.objects.select_for_update().get(room=room, stream=Stream.ROOM)
        same = Participant.objects.filter(room=room, user_uuid__in=[person.user_uuid for person in wrong])
        versions = dict(same.values_list("user_uuid", "version"))
        still = [person for person in wrong if versions.get(person.user_uuid) == person.version]
        for person in still:
            PresenceCorrection.objects.update_or_create(
                room=room,
                after_sequence=cursor.projected_sequence,
                user_uuid=person.user_uuid,
                defaults={
                    "online": not person.online,
                    "at": _since(room, person, cursor.projected_sequence) or now,
                    "made_at": clock.now(),
                },
            )
        if still:
            RoomCursor.objects.filter(pk=cursor.pk).update(
                needs_full_projection=True, project_due_at=clock.now()
            )
    return len(still)


def _since(room: Room, person: Participant, sequence: int) -> datetime | None:
    """Return when a person left according to an event, if they are in fact still present, else None."""
    stays = Presence.objects.filter(room=room, user_uuid=person.user_uuid, left_sequence=sequence)
    return None if person.online else stays.values_list("left_at", flat=True).first()


def _plan_next(due: RoomRefresh, *, corrected: int) -> None:
    asks = 0 if corrected else due.people_asks + 1
    wait = AGAIN if corrected else min(LATEST, AGAIN * 2 ** min(asks, 10))
    RoomRefresh.objects.filter(pk=due.pk).update(people_due_at=clock.cloud_now() + wait, people_asks=asks)
