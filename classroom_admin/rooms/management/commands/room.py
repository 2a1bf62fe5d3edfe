"""Show the stored data of a room: ``manage.py room ROOM_UUID [--json]``."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from classroom_admin.common.clock import iso
from classroom_admin.rooms.bans import Until, kicked_until
from classroom_admin.rooms.models import ChatMessage, Room, RoomState
from classroom_admin.rooms.recording_state import recording_now


class Command(BaseCommand):
    help = "Show what is known of a room, as text or as one JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("room_uuid", help="the cloud's id of the room")
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="one JSON object, for scripts"
        )

    def handle(self, *args: Any, room_uuid: str, as_json: bool, **options: Any) -> None:
        room = Room.objects.filter(room_uuid=room_uuid).first()
        if room is None:
            raise CommandError(
                f"No room {room_uuid!r} is known. Check the id. A room becomes known with its first event, "
                "or when it is created here.",
                returncode=1,
            )
        known = room_as_json(room)
        self.stdout.write(json.dumps(known, ensure_ascii=False) if as_json else as_text(known))


def as_text(known: dict[str, Any]) -> str:
    """Return the JSON object of a room as text, with a line for each fact and each person."""
    people = known["participants"]
    gaps = [f"{first} to {last}" for first, last in known["gaps"]]
    files = [file["name"] or file["resource_uuid"] for file in known["resources"]]
    facts = {
        "state": (known["state"] or "not known").replace("_", " "),
        "started": known["started_at"] or "-",
        "ended": known["ended_at"] or "-",
        "events": f"{known['events']}, up to number {known['last_sequence']}",
        "gaps": ", ".join(gaps) or "none",
        "recording": known["recording"]["state"] if known["recording"] else "none",
        "chat": f"{known['chat_messages']} messages{', muted' if known['chat_muted'] else ''}",
        "quizzes": f"{known['quizzes']} quizzes, {known['polls']} polls",
        "files": ", ".join(files) or "none",
        "people": f"{sum(person['online'] for person in people)} present, {len(people)} in total",
    }
    lines = [f"{known['name'] or 'Unnamed class'} ({known['room_uuid']})"]
    lines += [f"  {name:<10}  {fact}" for name, fact in facts.items()]
    return "\n".join(lines + [f"    {_person(person)}" for person in people])


def _person(person: dict[str, Any]) -> str:
    until = person["kicked_until"]
    marks = [
        "present" if person["online"] else "absent",
        "on stage" if person["on_stage"] else "",
        "hand raised" if person["hand_raised"] else "",
        "chat muted" if person["chat_muted"] else "",
        "camera on" if person["camera_on"] else "",
        "microphone on" if person["microphone_on"] else "",
        "shares the screen" if person["sharing_screen"] else "",
        f"{person['rewards']} rewards" if person["rewards"] else "",
        "banned permanently" if until == "forever" else f"banned until {until}" if until else "",
    ]
    return f"{person['name'] or person['user_uuid']}, {person['role']}: {', '.join(filter(None, marks))}"


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
    ``kicked_until`` is a time, "forever" or null.
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
        "chat_muted": room.is_chat_muted,
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
            "chat_muted": person.is_chat_muted,
            "camera_on": person.camera_on,
            "microphone_on": person.microphone_on,
            "sharing_screen": person.sharing_screen,
            "rewards": person.rewards,
            "kicked_until": _until(until.get(person.user_uuid)),
        }
        for person in room.participants.defer("streams", "properties").order_by("pk")
    ]


def _until(value: Until | None) -> str | None:
    return iso(value) if isinstance(value, datetime) else value
