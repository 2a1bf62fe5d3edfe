"""Correct who is present: read a room's people if the cloud's count differs from ours, and after the class.

A person with two tabs joins and leaves twice, and an event may be missing. Therefore, events may report that
a person left although the person is still present, or the opposite. The events contain the count of people in
the room (`total`). If the counts differ for some seconds, we read the list of people. If the list leaves a
doubt about a person, we also read this person. A correction is stored and projected like an event.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import transaction

from classroom_admin.agora.calls import ReadUser
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError, RoomNotFound, UserNotFound
from classroom_admin.agora.models import RoomUser
from classroom_admin.common import clock
from classroom_admin.events import Event, EventTime, RoomRow, correction
from classroom_admin.events.people import Person
from classroom_admin.events.presence import Movement
from classroom_admin.events.values import ID_LENGTH, NAME_LENGTH, role
from classroom_admin.rooms.models import Participant, Presence, Room, RoomState
from classroom_admin.sync import notices
from classroom_admin.sync.models import PresenceCorrection, RoomCursor, RoomRefresh, SequenceGap, Stream
from classroom_admin.sync.reader import Kept

T = TypeVar("T")
FIRST = timedelta(seconds=5)
"""How long the counts may differ, because simultaneous events may arrive in several responses."""
AFTER_THE_END = timedelta(seconds=10)
"""How long after the end of a class to read its people. Its last events are requested before that."""
AGAIN, LATEST = timedelta(minutes=1), timedelta(hours=1)
"""The shortest and longest wait before another read. Reads that correct nothing double the wait."""
AT_ONCE = 30
"""The maximum number of people to read one by one in a run. The next run continues with the others."""
NOT_OFFERED: Final = (400, 403, 404, 405, 501)
"""HTTP statuses which mean that a cloud offers no list of people. People are then read one by one."""


CORRECTION = 0
"""The id of every correction during a projection. Events have the id of their row."""
Step = tuple[Kept, Event[Any], EventTime]
"""A tuple (row, decoded event, time). A correction has the row of a neighbouring event."""


def of(room_id: int) -> list[Event[Movement]]:
    """Return the corrections of a room as events in the order of projection."""
    found = PresenceCorrection.objects.filter(room_id=room_id).order_by("after_sequence", "pk")
    return [
        correction(
            Person(one.user_uuid, one.name or None, one.role or None),
            online=one.online,
            sequence=one.after_sequence,
            at_ms=round(one.at.timestamp() * 1000),
        )
        for one in found
    ]


def insert(steps: Sequence[Step], corrections: deque[Event[Movement]], *, at_end: bool) -> list[Step]:
    """Insert the due corrections between the events, and remove them from `corrections`.

    A correction follows the event with the same number. If there is none, it follows the last event before
    it. With `at_end`, the remaining corrections follow the last event.
    """
    merged: list[Step] = []
    for row, event, time in steps:
        while corrections and corrections[0].sequence < event.sequence:
            earlier = merged[-1][2] if merged else time
            merged.append((replace(row, pk=CORRECTION), corrections.popleft(), earlier))
        merged.append((row, event, time))
        is_last = at_end and row is steps[-1][0]
        while corrections and (is_last or corrections[0].sequence == event.sequence):
            merged.append((replace(row, pk=CORRECTION), corrections.popleft(), time))
    return merged


def follow_up(room: Room, *, before: RoomRow, after: RoomRow) -> None:
    """Schedule a read of the room's people if the class ended or the number of people is wrong.

    Cancel the read if the number is right again.
    """
    refreshes = RoomRefresh.objects
    if after.state == RoomState.ENDED and before.state != RoomState.ENDED:
        due_at = clock.cloud_now() + AFTER_THE_END
        refreshes.filter(room=room).update(people_due_at=due_at, people_asks=0)
    elif _differs(after):
        not_due = refreshes.filter(room=room, people_due_at__isnull=True)
        not_due.update(people_due_at=clock.cloud_now() + FIRST)
    elif _differs(before) and after.state != RoomState.ENDED:
        refreshes.filter(room=room).update(people_due_at=None, people_asks=0)


def _differs(room: RoomRow | Room) -> bool:
    over = room.state == RoomState.CLOSED
    return not over and room.people_total is not None and room.people_total != room.people_online


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A person who is present in the cloud but absent in our data, or the reverse.

    `online` is what the cloud says. `sure` is False if the cloud's list does not say clearly whether the
    person is present.
    """

    user_uuid: str
    online: bool
    sure: bool = True
    name: str = ""
    role: str = ""


def differences(listed: Iterable[RoomUser], ours: Mapping[str, bool]) -> list[Difference]:
    """Compare the cloud's list of people with ours, and return the differences.

    `ours` has the presence by user id. The cloud's list may contain people who left, or only people who are
    present.
    """
    found: list[Difference] = []
    named: set[str] = set()
    for person in listed:
        user_uuid = person.user_uuid or ""
        if not user_uuid or len(user_uuid) > ID_LENGTH or user_uuid in named:
            continue
        named.add(user_uuid)
        online = person.state != 0
        if online != ours.get(user_uuid, False):
            found.append(
                Difference(
                    user_uuid=user_uuid,
                    online=online,
                    sure=person.state in (0, 1),
                    name=(person.user_name or "")[:NAME_LENGTH],
                    role="" if person.role is None else role(person.role),
                )
            )
    left = (user_uuid for user_uuid, online in ours.items() if online and user_uuid not in named)
    return found + [Difference(user_uuid=user_uuid, online=False, sure=False) for user_uuid in left]


@dataclass(slots=True)
class _Asked:
    """What the cloud reported about the people of a room, and the number of requests for it."""

    wrong: list[Difference] = field(default_factory=list)
    requests: int = 0


def read(client: Client, due: RoomRefresh) -> int:
    """Compare a room's people with the people that the cloud reports. Return the number of requests.

    Store the corrections and make the room due for projection. Raise the client's errors.
    """
    room = Room.objects.get(pk=due.room_id)
    if room.state == RoomState.CLOSED or room.gone_at is not None:
        RoomRefresh.objects.filter(pk=due.pk).update(people_due_at=None, people_asks=0)
        return 0
    if SequenceGap.objects.filter(room=room, stream=Stream.ROOM, state=SequenceGap.State.OPEN).exists():
        RoomRefresh.objects.filter(pk=due.pk).update(people_due_at=clock.cloud_now() + FIRST)
        return 0
    people = {person.user_uuid: person for person in Participant.objects.filter(room=room)}
    asked = _from_list(client, room, people, due) or _one_by_one(client, room, people, due)
    corrected = _store(room, people, asked.wrong) if asked.wrong else 0
    _plan_next(due, corrected=corrected)
    return asked.requests


def _from_list(
    client: Client, room: Room, people: Mapping[str, Participant], due: RoomRefresh
) -> _Asked | None:
    """Read the room's list of people. If the list is unclear about a person, read this person, too.

    Return None if this cloud has no such list.
    """
    asked = _Asked()
    listed: list[RoomUser] = []
    try:
        for page in client.every_user(room.room_uuid):
            asked.requests += 1
            listed += page.items
    except CloudError as error:
        if isinstance(error, RoomNotFound) or error.http_status not in NOT_OFFERED or asked.requests:
            raise
        return None
    streams = {
        uuid: person.user_uuid for person in listed for uuid in person.stream_uuids if person.user_uuid
    }
    notices.learn(room, streams)
    found = differences(listed, {user_uuid: person.online for user_uuid, person in people.items()})
    asked.wrong = [one for one in found if one.sure]
    doubtful = [one for one in found if not one.sure]
    for one in _round(doubtful, due.people_asks):
        asked.requests += 1
        if _is_online(client, room, one.user_uuid) == one.online:
            asked.wrong.append(one)
    return asked


def _one_by_one(client: Client, room: Room, people: Mapping[str, Participant], due: RoomRefresh) -> _Asked:
    """Read people one by one until the number of present people is right.

    Begin with the people who changed last.
    """
    asked = _Asked(requests=1)
    missing = (room.people_total or 0) - room.people_online if _differs(room) else 0
    candidates = [person for person in people.values() if person.online == (missing < 0)] if missing else []
    candidates.sort(key=lambda person: (-person.version, person.pk))
    for person in _round(candidates, due.people_asks):
        asked.requests += 1
        if _is_online(client, room, person.user_uuid) != person.online:
            asked.wrong.append(Difference(user_uuid=person.user_uuid, online=not person.online))
            if len(asked.wrong) == abs(missing):
                break
    return asked


def _round(candidates: list[T], number: int) -> list[T]:
    """Return up to `AT_ONCE` candidates. Each `number` gives the next of them."""
    start = AT_ONCE * number % len(candidates) if candidates else 0
    return candidates[start : start + AT_ONCE]


def _is_online(client: Client, room: Room, user_uuid: str) -> bool:
    try:
        return client.send(ReadUser(room_uuid=room.room_uuid, user_uuid=user_uuid)).state == 1
    except UserNotFound:
        return False


def _store(room: Room, people: Mapping[str, Participant], wrong: list[Difference]) -> int:
    """Store the corrections and return how many were stored. Skip people who have changed in the meantime."""
    now = clock.cloud_now()
    with transaction.atomic():
        cursor = RoomCursor.objects.select_for_update().get(room=room, stream=Stream.ROOM)
        same = Participant.objects.filter(room=room, user_uuid__in=[one.user_uuid for one in wrong])
        versions = dict(same.values_list("user_uuid", "version"))
        before = {user_uuid: person.version for user_uuid, person in people.items()}
        still = [one for one in wrong if versions.get(one.user_uuid) == before.get(one.user_uuid)]
        for one in still:
            PresenceCorrection.objects.update_or_create(
                room=room,
                after_sequence=cursor.projected_sequence,
                user_uuid=one.user_uuid,
                source=PresenceCorrection.Source.PEOPLE,
                defaults={
                    "online": one.online,
                    "at": _since(room, one, cursor.projected_sequence) or now,
                    "made_at": clock.now(),
                    "name": one.name,
                    "role": one.role,
                },
            )
        if still:
            RoomCursor.objects.filter(pk=cursor.pk).update(
                needs_full_projection=True, project_due_at=clock.now()
            )
    return len(still)


def _since(room: Room, one: Difference, sequence: int) -> datetime | None:
    """Return when this person left, or None if event number `sequence` did not report that."""
    stays = Presence.objects.filter(room=room, user_uuid=one.user_uuid, left_sequence=sequence)
    return stays.values_list("left_at", flat=True).first() if one.online else None


def _plan_next(due: RoomRefresh, *, corrected: int) -> None:
    """Schedule another read after a correction or while the number of people is wrong."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(pk=due.room_id)
        again = bool(corrected) or _differs(room)
        asks = 0 if corrected else due.people_asks + 1
        wait = AGAIN if corrected else min(LATEST, AGAIN * 2 ** min(asks, 10))
        RoomRefresh.objects.filter(pk=due.pk, people_due_at=due.people_due_at).update(
            people_due_at=clock.cloud_now() + wait if again else None, people_asks=asks if again else 0
        )
