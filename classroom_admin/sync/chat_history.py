"""Read the messages of Agora Chat by the hour, from the history of each app that classes use.

The service creates one file per app and hour, some time after the messages, and may extend the file later. So
each hour's file is requested several times. Callbacks are faster, but the service repeats a failed callback
only once. Both sources contain the id of a message, so each message is stored once. Only messages of known
classes are stored.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F
from django.db.models.functions import Coalesce

from classroom_admin.agora.answers import RawAnswer
from classroom_admin.agora.chat_calls import ChatRoom, ReadChatHistory
from classroom_admin.agora.chat_files import download
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import BadParameter, CloudError, PathNotFound
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.problems import to_text
from classroom_admin.rooms.models import AgoraChatRoom, Room
from classroom_admin.sync import chat_items, gaps, health, inbox, reconciliation
from classroom_admin.sync.models import ChatHour, InboxAnswer, SequenceGap, StoredEvent, Stream
from classroom_admin.sync.room_events import Fetched
from classroom_admin.sync.sorting import chat_digest

log = logging.getLogger(__name__)

HOUR: Final = timedelta(hours=1)
WHILE_IT_RUNS: Final = timedelta(minutes=2)
"""How often to request the current hour while a class is live."""
AFTER_THE_HOUR: Final = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60, 180, 720))
"""How long after the end of an hour to request it again."""
KEPT_FOR: Final = timedelta(days=3)
"""How far back hours are read when a class becomes known. Free plans of the service keep three days."""
HISTORY: Final = "chat message history"
"""The words in the service's refusal if an hour has no file."""
REMEMBERED: Final = timedelta(days=30)
LONGEST_BACK_OFF_S: Final = 600.0
DEADLINE_S: Final = 12.0
UNREADABLE: Final = ""
"""The digest of an unreadable line, which has no digest of its own."""


def start_of_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def want(chat: ChatRoom, room: Room, *, since: datetime) -> None:
    """Schedule requests for an app's messages from the time `since` until now.

    The service keeps messages for three days. If `since` is earlier, store a gap for the time before these
    days.
    """
    now = clock.cloud_now()
    earliest = start_of_hour(now - KEPT_FOR)
    if since < earliest:
        _lose([room.pk], first=since, last=earliest)
    hour, last = max(start_of_hour(since), earliest), start_of_hour(now)
    wanted = []
    while hour <= last:
        wanted.append(hour)
        hour += HOUR
    of_app = ChatHour.objects.filter(org_name=chat.org_name, app_name=chat.app_name, hour__in=wanted)
    of_app.update(due_at=now, failures=0)
    _add(chat, wanted, due_at=now)


def _add(chat: ChatRoom, hours: Iterable[datetime], *, due_at: datetime) -> None:
    ChatHour.objects.bulk_create(
        [
            ChatHour(org_name=chat.org_name, app_name=chat.app_name, hour=hour, due_at=due_at)
            for hour in hours
        ],
        ignore_conflicts=True,
    )


def want_present_hours() -> None:
    """Schedule a request for the current hour of each app that has a live class."""
    now = clock.cloud_now()
    live = AgoraChatRoom.objects.filter(room__in=reconciliation.live_rooms())
    apps = set(live.values_list("org_name", "app_name"))
    hour = start_of_hour(now)
    known = set(ChatHour.objects.filter(hour=hour).values_list("org_name", "app_name"))
    for org_name, app_name in sorted(apps - known):
        _add(ChatRoom(org_name=org_name, app_name=app_name, chat_room_id=""), [hour], due_at=now)


def read_due(client: Client, *, every_hour: bool = False) -> Fetched:
    """Request an hour of each app's chat history, and store its new messages. The oldest due hour is first.

    If `every_hour` is true, request all due hours. The service allows ten requests a minute for each app.
    """
    result = Fetched()
    if not client.config.chat_url:
        return result
    want_present_hours()
    asked: set[tuple[str, str]] = set()
    for hour in ChatHour.objects.filter(due_at__lte=clock.cloud_now()).order_by("due_at", "hour"):
        app = (hour.org_name, hour.app_name)
        if app in asked and not every_hour:
            continue
        asked.add(app)
        try:
            _read(client, hour, result)
        except CloudError as error:
            log.warning("the chat history of %s could not be read: %s", hour, health.problem_of(error))
            result.problems.append(health.problem_of(error))
            _failed(hour, error)
    return result


def _read(client: Client, hour: ChatHour, result: Fetched) -> None:
    result.requests += 1
    call = ReadChatHistory(
        org_name=hour.org_name, app_name=hour.app_name, hour=f"{hour.hour.astimezone(UTC):%Y%m%d%H}"
    )
    urls: tuple[str, ...] = ()
    unstored = False
    try:
        urls = client.send(call, deadline_s=DEADLINE_S)
    except (PathNotFound, BadParameter) as error:
        if HISTORY not in error.message:
            raise  # another reason, such as an unknown app
        # 404: nobody wrote in this hour. 400: the file does not exist yet, or it has expired.
        unstored = isinstance(error, BadParameter)
    for url in urls:
        _keep(download(client.config, url), hour, result)
    now = clock.cloud_now()
    due_at = next_due(hour.hour, now=now)
    done = {} if unstored else {"read_at": now}
    ChatHour.objects.filter(pk=hour.pk).update(
        due_at=due_at, asks=F("asks") + 1, failures=0, last_error="", **done
    )
    if unstored and due_at is None and hour.read_at is None:
        _lose(_rooms_in(hour), first=hour.hour, last=hour.hour + HOUR)
    elif not unstored:
        _find(hour)


def _rooms_in(hour: ChatHour) -> list[int]:
    """Return the ids of the app's classes that overlap this hour."""
    rooms = Room.objects.filter(
        agora_chat__org_name=hour.org_name, agora_chat__app_name=hour.app_name
    ).exclude(ended_at__lt=hour.hour)
    begins = Coalesce("started_at", "known_since")
    return list(
        rooms.annotate(begins=begins).filter(begins__lt=hour.hour + HOUR).values_list("pk", flat=True)
    )


def _lose(room_ids: Iterable[int], *, first: datetime, last: datetime) -> None:
    """Store a gap from `first` to `last` for each room. Its messages can't be fetched any more."""
    numbers = {"first": clock.to_ms(first), "last": clock.to_ms(last) - 1}
    for room_id in room_ids:
        lost = {"state": SequenceGap.State.GAP, "found_at": clock.now(), "last": numbers["last"]}
        SequenceGap.objects.update_or_create(
            room_id=room_id, stream=Stream.CHAT, first=numbers["first"], defaults=lost
        )
        _show_gaps(room_id)


def _find(hour: ChatHour) -> None:
    """Delete the gaps that begin with this hour."""
    gone = SequenceGap.objects.filter(
        stream=Stream.CHAT, first=clock.to_ms(hour.hour), room__in=_rooms_in(hour)
    )
    rooms = list(gone.values_list("room_id", flat=True))
    gone.delete()
    for room_id in rooms:
        _show_gaps(room_id)


def _show_gaps(room_id: int) -> None:
    if gaps.show_gaps(room_id):
        Room.objects.filter(pk=room_id).update(version=F("version") + 1)


def next_due(hour: datetime, *, now: datetime) -> datetime | None:
    """Return when to request an hour again after a successful request. Return None if it is complete."""
    ends = hour + HOUR
    if now < ends:
        return min(now + WHILE_IT_RUNS, ends + AFTER_THE_HOUR[0])
    return next((ends + after for after in AFTER_THE_HOUR if ends + after > now), None)


def prune() -> None:
    """Delete hours that are older than a month and are not due again."""
    ChatHour.objects.filter(due_at__isnull=True, hour__lt=clock.cloud_now() - REMEMBERED).delete()


def _failed(hour: ChatHour, error: CloudError) -> None:
    wait = min(LONGEST_BACK_OFF_S, 10.0 * 2.0 ** min(hour.failures, 10)) * random.uniform(0.5, 1.0)
    ChatHour.objects.filter(pk=hour.pk).update(
        due_at=clock.cloud_now() + timedelta(seconds=wait),
        failures=F("failures") + 1,
        last_error=to_text(health.details(error)),
    )


def _keep(body: bytes, hour: ChatHour, result: Fetched) -> None:
    """Store the new messages in a file of one hour."""
    app_key = f"{hour.org_name}#{hour.app_name}"
    wanted = new_lines(body, app_key=app_key)
    if not wanted:
        return
    raw = RawAnswer(
        body=b"\n".join(wanted),
        http_status=200,
        received_at_ms=clock.now_ms(),
        request_id=app_key,
        path="",
    )
    answer = inbox.keep(raw, source=InboxAnswer.Source.CHAT_HOURS)
    result.add_read(inbox.read(answer.pk))


def new_lines(body: bytes, *, app_key: str) -> list[bytes]:
    """Return the lines of a file that need to be stored.

    These lines are new messages of known classes, and lines that can't be read. Their order is unchanged.
    """
    found: dict[bytes, set[str]] = {}
    chat_rooms: dict[str, str] = {}
    for line in chat_items.lines(body):
        items = chat_items.read_items(line)
        digests = {chat_digest(message): message["chatRoomId"] for message in items.messages}
        if digests or items.unreadable:
            found[line] = set(digests) | ({UNREADABLE} if items.unreadable else set())
        chat_rooms |= digests
    known = chat_items.room_uuids(set(chat_rooms.values()), app_key=app_key)
    wanted = {digest for digest, chat_room_id in chat_rooms.items() if chat_room_id in known}
    stored: set[str] = set()
    for part in chunks(sorted(wanted)):
        of_chat = StoredEvent.objects.filter(stream=Stream.CHAT, digest__in=part)
        stored |= set(of_chat.values_list("digest", flat=True))
    new = (wanted - stored) | {UNREADABLE}
    return [line for line, digests in found.items() if not digests.isdisjoint(new)]
