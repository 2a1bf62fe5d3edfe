"""Store notifications about channels, and find the person behind each stream.

The cloud's Notifications service names people by the ids of their streams. The events, the room's list of
people and earlier notifications show to whom a stream belongs. A notification may arrive before them, so the
search is repeated, at growing intervals. A recording service also connects. Its stream belongs to no person.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.events.values import Undecodable, identifier, mapping
from classroom_admin.rooms.models import Participant, Room, RoomState
from classroom_admin.sync import notification_reading, sealed
from classroom_admin.sync.models import ChannelNotice, RoomRefresh, StoredEvent, Stream
from classroom_admin.sync.notification_reading import CHANNEL_DESTROYED, JOINED, LEFT
from classroom_admin.sync.notification_stays import Connection

PEOPLE: Final = (*JOINED, *LEFT)
OWNED_IN: Final = (20, 40, 41)
"""The `cmd` of the events that name the owner of a stream."""
FIRST_WAIT, LONGEST_SEARCH = timedelta(seconds=10), timedelta(hours=6)
AT_ONCE: Final = 1000
SEARCHED_BY_TEXT: Final = 20
"""With at most this many streams, the database selects the events whose text contains one of them."""


def store(body: bytes, *, received_at: datetime) -> bool:
    """Store a notification once. Return whether it is new. Raise Undecodable if it can't be read."""
    notice = notification_reading.read(body)
    if sealed.counts_late(notice.room_uuid, received_at=received_at):
        return False
    of_person = notice.event_type in PEOPLE
    _stored, is_new = ChannelNotice.objects.get_or_create(
        notice_id=notice.notice_id,
        defaults={
            "event_type": notice.event_type,
            "room_uuid": notice.room_uuid,
            "stream_uuid": notice.stream_uuid,
            "at": received_at if notice.at_ms is None else clock.from_ms(notice.at_ms),
            "client_seq": notice.client_seq,
            "reason": notice.reason,
            "duration_s": notice.duration_s,
            "received_at": received_at,
            "raw": notice.raw,
            "match_due_at": received_at if of_person else None,
        },
    )
    return is_new


def of_room(room: Room) -> QuerySet[ChannelNotice]:
    """Return the notifications about the channels of a room and of its breakout rooms."""
    groups = room.known_groups if room.groups_sequence else ()
    return ChannelNotice.objects.filter(room_uuid__in=[room.room_uuid, *groups])


def connections(room: Room) -> list[Connection]:
    """Return a room's notifications that people joined or left, or that the channel ended, in any order."""
    found = of_room(room).filter(Q(event_type=CHANNEL_DESTROYED) | Q(event_type__in=PEOPLE, user_uuid__gt=""))
    columns = ("stream_uuid", "user_uuid", "event_type", "at", "client_seq", "duration_s")
    return [
        Connection(
            stream_uuid=stream_uuid,
            user_uuid=user_uuid,
            event_type=event_type,
            at=at,
            order=order,
            lasted=None if lasted_s is None or not 0 <= lasted_s < 10**8 else timedelta(seconds=lasted_s),
        )
        for stream_uuid, user_uuid, event_type, at, order, lasted_s in found.values_list(*columns)
    ]


def match_due() -> set[str]:
    """Look for the people in due notifications. Return the channels where a person was found."""
    now = clock.now()
    due = ChannelNotice.objects.filter(match_due_at__lte=now).order_by("match_due_at")[:AT_ONCE]
    by_room: dict[str, list[ChannelNotice]] = defaultdict(list)
    for notice in due.defer("raw"):
        by_room[notice.room_uuid].append(notice)
    return {room_uuid for room_uuid, own in by_room.items() if _match(room_uuid, own)}


def match_room(room: Room) -> None:
    """Find out which people a room's notifications are about, where this is not known yet."""
    by_channel: dict[str, list[ChannelNotice]] = defaultdict(list)
    for notice in of_room(room).filter(event_type__in=PEOPLE, user_uuid="").defer("raw"):
        by_channel[notice.room_uuid].append(notice)
    for channel, own in by_channel.items():
        _match(channel, own)


def learn(room: Room, people: Mapping[str, str]) -> bool:
    """Store the user ids of people in a room's notifications. `people` maps stream ids to user ids.

    Return whether any notification was changed. The changed notifications become due.
    """
    left = ChannelNotice.objects.filter(room_uuid=room.room_uuid, event_type__in=PEOPLE, user_uuid="")
    streams = set(left.values_list("stream_uuid", flat=True)) & people.keys()
    for stream_uuid in sorted(streams):
        left.filter(stream_uuid=stream_uuid).update(user_uuid=people[stream_uuid], match_due_at=clock.now())
    return bool(streams)


def look_again(room_id: int) -> None:
    """Make all of a room's notifications about people due again."""
    found = ChannelNotice.objects.filter(
        room_uuid=Room.objects.values("room_uuid").get(pk=room_id)["room_uuid"]
    )
    found.filter(event_type__in=PEOPLE).update(match_due_at=clock.now())


def _match(room_uuid: str, own: Collection[ChannelNotice]) -> bool:
    """Look for the people in these notifications of one room. Return whether anyone was found."""
    if not own:
        return False
    room = room_of(room_uuid)
    due = {notice.pk: notice.match_due_at for notice in own}
    people = {} if room is None else _owners(room, {notice.stream_uuid for notice in own})
    found = [notice for notice in own if notice.user_uuid or notice.stream_uuid in people]
    for notice in found:
        notice.user_uuid = notice.user_uuid or people[notice.stream_uuid]
        notice.match_due_at = None
    now = clock.now()
    left = [notice for notice in own if notice.match_due_at is not None]
    for notice in left:
        age = now - notice.received_at
        notice.match_due_at = now + max(FIRST_WAIT, age) if age < LONGEST_SEARCH else None
    if room is not None:
        _ask_for_people(room, left, now=now)
    _save(own, due)
    return bool(found)


def _save(own: Collection[ChannelNotice], due: Mapping[int, datetime | None]) -> None:
    """Store the result of a search without overwriting changes by other processes since `due` was read."""
    with transaction.atomic():
        present = ChannelNotice.objects.select_for_update().defer("raw").in_bulk(list(due))
        for notice in own:
            stored = present.get(notice.pk, notice)
            notice.user_uuid = notice.user_uuid or stored.user_uuid
            if stored.match_due_at != due[notice.pk]:
                notice.match_due_at = stored.match_due_at
        ChannelNotice.objects.bulk_update(own, ["user_uuid", "match_due_at", "people_asked"])


def room_of(channel: str) -> Room | None:
    """Return the room with this channel.

    If the channel belongs to a breakout room that has no row, return its class.
    """
    room = Room.objects.filter(room_uuid=channel).first()
    if room is not None:
        return room
    return Room.objects.filter(groups_sequence__gt=0, known_groups__has_key=channel).order_by("pk").first()


def _ask_for_people(room: Room, left: Iterable[ChannelNotice], *, now: datetime) -> None:
    """Schedule a read of the room's people if the room is live and a stream has no known owner.

    Do this only once for each notification.
    """
    unknown = [
        notice for notice in left if not notice.people_asked and now - notice.received_at >= FIRST_WAIT
    ]
    live = room.gone_at is None and room.current_state in (RoomState.STARTED, RoomState.ENDED)
    if unknown and live:
        for notice in unknown:
            notice.people_asked = True
        refresh = RoomRefresh.objects.filter(room=room, people_due_at__isnull=True)
        refresh.update(people_due_at=clock.cloud_now())


def _owners(room: Room, streams: set[str]) -> dict[str, str]:
    """Return a dict from stream id to the user id of its owner. Streams with no known owner are not in it."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(streams)):
        known = ChannelNotice.objects.filter(
            room_uuid=room.room_uuid, stream_uuid__in=chunk, user_uuid__gt=""
        )
        found.update(known.values_list("stream_uuid", "user_uuid"))
        # If the classroom app connects with an `account`, the service sends it as the id of the stream.
        same = Participant.objects.filter(room=room, user_uuid__in=chunk).values_list("user_uuid", flat=True)
        found.update((user_uuid, user_uuid) for user_uuid in same if user_uuid not in found)
    left = streams - found.keys()
    if left:
        events = StoredEvent.objects.filter(room=room, stream=Stream.ROOM, cmd__in=OWNED_IN)
        if len(left) <= SEARCHED_BY_TEXT:
            contains = Q()
            for stream_uuid in left:
                contains |= Q(raw__contains=stream_uuid)
            events = events.filter(contains)
        for raw in events.order_by("sequence").values_list("raw", flat=True).iterator(chunk_size=500):
            found.update((stream, user) for stream, user in owners_in(json.loads(raw)) if stream in left)
    return found


def owners_in(raw: Any) -> Iterator[tuple[str, str]]:
    """Yield (stream id, user id) for each stream of a known user in these events."""
    data = mapping(mapping(raw).get("data"))
    around = [data, *_objects(data.get("streams"))]
    for one in around:
        owner = _id(
            mapping(one.get("fromUser")).get("userUuid") or mapping(data.get("fromUser")).get("userUuid")
        )
        yield from _streams_of(one, owner)
    for name in ("onlineUsers", "offlineUsers"):
        for person in _objects(data.get(name)):
            for one in (person, *_objects(person.get("streams"))):
                yield from _streams_of(one, _id(person.get("userUuid")))


def _streams_of(one: Mapping[str, Any], owner: str) -> Iterator[tuple[str, str]]:
    stream_uuid = _id(one.get("streamUuid"))
    if stream_uuid and owner:
        yield stream_uuid, owner


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _id(value: object) -> str:
    try:
        return identifier(value) or ""
    except Undecodable:
        return ""
