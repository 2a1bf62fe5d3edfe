"""Read which chat rooms classes have in Agora Chat, and who is muted there.

The response to GET room names the chat room. No event of the class says who is muted there, so the service is
asked every two minutes while the class is live, and immediately after a client mutes someone.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, F, When

from classroom_admin.agora.chat_calls import ChatRoom, ReadChatMutes, ReadChatRoom
from classroom_admin.agora.client import Client
from classroom_admin.agora.errors import CloudError
from classroom_admin.agora.models import RoomInfo, read_object, read_text
from classroom_admin.common import clock
from classroom_admin.common.chunks import chunks
from classroom_admin.common.problems import to_text
from classroom_admin.rooms.agora_chat import WIDGET, chat_user
from classroom_admin.rooms.models import AgoraChatRoom, Participant, Room
from classroom_admin.sync import chat_history, confirmation, health, inbox, reconciliation
from classroom_admin.sync.room_events import Fetched

log = logging.getLogger(__name__)

WHILE_LIVE: Final = timedelta(minutes=2)
AT_ONCE: Final = 20
"""The maximum number of chat rooms that one run reads."""
LONGEST_BACK_OFF_S: Final = 600.0
DEADLINE_S: Final = 5.0
NAME_LENGTH: Final = 64
MUTE_ALL: Final = {"chat.mute": True, "chat.unmute": False}
MUTE_ONE: Final = {"participant.mute_chat": True, "participant.unmute_chat": False}
"""The commands about one person's chat, and whether each command mutes the person."""


def chat_in(info: RoomInfo) -> ChatRoom | None:
    """Return the class's chat room from the room's details. Return None if they contain none."""
    widgets = read_object(info.room_properties.get("widgets"))
    extra = read_object(read_object(widgets.get(WIDGET)).get("extra"))
    org_of_key, _sign, app_of_key = (read_text(extra.get("appKey")) or "").partition("#")
    org_name = read_text(extra.get("orgName")) or org_of_key
    app_name = read_text(extra.get("appName")) or app_of_key
    chat_room_id = read_text(extra.get("chatRoomId")) or ""
    names = (org_name, app_name, chat_room_id)
    if not all(name and len(name) <= NAME_LENGTH and "\x00" not in name for name in names):
        return None
    return ChatRoom(org_name=org_name, app_name=app_name, chat_room_id=chat_room_id)


def note(room: Room, info: RoomInfo) -> None:
    """Store the chat room of a class. If it is new, request its earlier messages."""
    chat = chat_in(info)
    if chat is None:
        return
    known = AgoraChatRoom.objects.filter(room=room).first()
    if known is not None and known.chat_room_id == chat.chat_room_id and known.org_name == chat.org_name:
        return
    now = clock.cloud_now()
    values: dict[str, Any] = {
        "org_name": chat.org_name,
        "app_name": chat.app_name,
        "chat_room_id": chat.chat_room_id,
        "known_since": now,
        "read_due_at": now,
        "failures": 0,
        "last_error": "",
    }
    with transaction.atomic():
        AgoraChatRoom.objects.update_or_create(room=room, defaults=values)
        times = (room.known_since, room.started_at, room.planned_start_at)
        chat_history.want(chat, room, since=min(time for time in times if time is not None))
        inbox.read_waiting_calls(chat.chat_room_id)


def changed(chat_room_ids: Iterable[str]) -> None:
    """Schedule a read of these chat rooms, because a client may have muted someone."""
    AgoraChatRoom.objects.filter(chat_room_id__in=list(chat_room_ids)).update(read_due_at=clock.cloud_now())


def read_due(client: Client) -> Fetched:
    """Read the chat history that is due. Then read who is muted in the chat rooms that are due."""
    result = chat_history.read_due(client)
    if not client.config.chat_url:
        return result
    now = clock.cloud_now()
    due = AgoraChatRoom.objects.filter(read_due_at__lte=now).select_related("room").order_by("read_due_at")
    for row in due[:AT_ONCE]:
        result.requests += 2
        try:
            _read(client, row)
        except CloudError as error:
            log.warning(
                "the chat room of room %s could not be read: %s", row.room_id, health.problem_of(error)
            )
            result.problems.append(health.problem_of(error))
            _failed(row, error)
    return result


def _read(client: Client, row: AgoraChatRoom) -> None:
    asked_at = clock.now()
    place = {"org_name": row.org_name, "app_name": row.app_name, "chat_room_id": row.chat_room_id}
    muted = bool(client.send(ReadChatRoom(**place), deadline_s=DEADLINE_S))
    people = client.send(ReadChatMutes(**place), deadline_s=DEADLINE_S)
    now = clock.cloud_now()
    live = reconciliation.is_live(row.room, now=now)
    AgoraChatRoom.objects.filter(pk=row.pk).update(
        failures=0, last_error="", read_due_at=now + WHILE_LIVE if live else None
    )
    with transaction.atomic():
        _show(Room.objects.select_for_update().get(pk=row.room_id), muted=muted, people=people)
    _confirm(row.room, muted=muted, people=people, before=asked_at)


def _confirm(room: Room, *, muted: bool, people: frozenset[str], before: datetime) -> None:
    """Confirm the mute commands that have taken effect in the chat room. No event confirms them."""
    waiting = confirmation.accepted_without_event(room.room_uuid, MUTE_ALL, before=before)
    done = [entry for entry in waiting if MUTE_ALL[entry.action] is muted]
    waiting = confirmation.accepted_without_event(room.room_uuid, MUTE_ONE, before=before)
    known = Participant.objects.filter(room=room, user_uuid__in=[entry.target for entry in waiting])
    names = {user: chat_user(user, own) for user, own in known.values_list("user_uuid", "properties")}
    done += [
        entry
        for entry in waiting
        if entry.target in names and MUTE_ONE[entry.action] is (names[entry.target] in people)
    ]
    confirmation.confirm_read(done, detail={})


def _show(room: Room, *, muted: bool, people: frozenset[str]) -> None:
    """Store who is muted in the chat of a class."""
    known = Participant.objects.filter(room=room)
    rows = known.values_list("pk", "muted_in_agora_chat", "user_uuid", "properties")
    if not people:
        rows = rows.filter(muted_in_agora_chat=True)
    differing = [pk for pk, was, *who in rows if was is not (chat_user(*who) in people)]
    if not differing and room.muted_in_agora_chat is muted:
        return
    version = room.version + 1
    Room.objects.filter(pk=room.pk).update(muted_in_agora_chat=muted, version=version)
    for chunk in chunks(differing):
        known.filter(pk__in=chunk).update(
            muted_in_agora_chat=Case(When(muted_in_agora_chat=True, then=False), default=True),
            version=version,
        )


def _failed(row: AgoraChatRoom, error: CloudError) -> None:
    wait = min(LONGEST_BACK_OFF_S, 10.0 * 2.0 ** min(row.failures, 10)) * random.uniform(0.5, 1.0)
    due_at = clock.cloud_now() + timedelta(seconds=wait)
    AgoraChatRoom.objects.filter(pk=row.pk).update(
        read_due_at=due_at, failures=F("failures") + 1, last_error=to_text(health.details(error))
    )
