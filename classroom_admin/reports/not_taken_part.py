"""Find students in a running class who have not taken part yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from classroom_admin.common import clock
from classroom_admin.events import EventKind, Undecodable, concerned
from classroom_admin.rooms import agora_chat
from classroom_admin.rooms.class_selectors import room_ids
from classroom_admin.rooms.models import Answer, ChatMessage, Participant, Room
from classroom_admin.sync.models import StoredEvent
from classroom_admin.sync.reader import UNFORESEEN, decode_stored

AFTER: Final = timedelta(minutes=5)
"""A student who has been present for a shorter time is not expected to have taken part."""
_COLUMNS: Final = (
    "pk", "user_uuid", "name", "online_since", "on_stage", "last_on_stage_at", "hand_raised", "properties",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTakenPart:
    """The students without a message, a raised hand, an answer or time on stage, by name.

    `expected` is the number of students who have been present for at least `AFTER`.
    """

    students: list[Participant]
    expected: int


def not_taken_part(room: Room) -> NotTakenPart:
    """Return the students who are present and have not taken part yet. Breakout rooms count.

    A lowered hand is in the events only, so they are read, but only if a student is left over.
    """
    now = clock.cloud_now()
    present = Participant.objects.filter(
        room=room, online=True, role__in=("student", "unknown"), online_since__lte=now - AFTER
    )
    students = list(present.only(*_COLUMNS).order_by("name", "pk"))
    rooms = room_ids(room)
    active = {one.user_uuid for one in students if one.on_stage or one.last_on_stage_at or one.hand_raised}
    said = ChatMessage.objects.filter(room__in=rooms, kind=ChatMessage.Kind.CHAT)
    for done in (said, Answer.objects.filter(room__in=rooms)):
        active |= set(done.order_by().values_list("user_uuid", flat=True).distinct())
    quiet = [one for one in students if active.isdisjoint((one.user_uuid, agora_chat.chat_user_of(one)))]
    raised = _raised(rooms) if quiet else set()
    return NotTakenPart(
        students=[one for one in quiet if one.user_uuid not in raised], expected=len(students)
    )


def _raised(rooms: Collection[int]) -> set[str]:
    """Return the user ids of everyone whose hand was raised or lowered."""
    kind = EventKind.HANDS
    events = StoredEvent.objects.filter(room__in=rooms, stream=kind.stream, cmd=kind.cmd, unreadable="")
    found: set[str] = set()
    for row in events.iterator(chunk_size=200):
        try:
            found |= concerned(decode_stored(row))
        except (Undecodable, *UNFORESEEN):
            continue
    return found
