"""Convert a room to the JSON object that ``manage.py room --json`` prints for scripts."""

from datetime import UTC, datetime
from typing import Any, Final

from classroom_admin.rooms.bans import Until, kicked_until
from classroom_admin.rooms.models import ChatMessage, Room, RoomState
from classroom_admin.rooms.recording_state import recording_now

STATES: Final = {
    RoomState.NOT_STARTED: "not_started",
    RoomState.STARTED: "started",
    RoomState.ENDED: "ended",
    RoomState.CLOSED: "closed",
}
STREAM: Final = "room"


def room_as_json(room: Room) -> dict[str, Any]:
    """Return a room's state, people, recording, resources and counts. Times are in ISO 8601 UTC.

    ``gaps`` are the lost events of the room's own stream as ``[[first, last], ..]``, inclusive.
    ``kicked_until`` is a time, "forever" or null. The number of queries is constant.
    """
    state = room.current_state
    recording = recording_now(room)
    return {
        "room_uuid": room.room_uuid,
        "state": None if state is None else STATES[RoomState(state)],
        "name": room.name,
        "started_at": iso(room.started_at),
        "ended_at": iso(room.ended_at),
        "last_sequence": room.last_sequence,
        "gaps": [
            [gap.first, gap.last]
            for gap in room.gaps.filter(stream=STREAM).order_by("first").only("first", "last")
        ],
        "participants": _participants(room),
        "recording": None
        if recording is None
        else {"state": recording.state, "record_id": recording.record_id},
        "resources": [
            {
                "resource_uuid": resource.resource_uuid,
                "name": resource.name,
                "converted_percent": resource.converted_percent,
            }
            for resource in room.resources.filter(removed_at=None).order_by("pk")
        ],
        "chat_messages": room.messages.filter(kind=ChatMessage.Kind.CHAT).count(),
        "quizzes": room.quizzes.count(),
        "polls": room.polls.count(),
        "events": room.event_count,
    }


def _participants(room: Room) -> list[dict[str, Any]]:
    until = kicked_until(room)
    return [
        {
            "user_uuid": person.user_uuid,
            "name": person.name,
            "role": person.role,
            "online": person.online,
            "on_stage": person.on_stage,
            "hand_raised": person.hand_raised,
            "chat_muted": person.chat_muted,
            "rewards": person.rewards,
            "kicked_until": _until(until.get(person.user_uuid)),
        }
        for person in room.participants.defer("streams", "properties").order_by("pk")
    ]


def iso(moment: datetime | None) -> str | None:
    """Return a time in ISO 8601 in UTC, ending in Z; None if `moment` is None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _until(value: Until | None) -> str | None:
    return iso(value) if isinstance(value, datetime) else value
