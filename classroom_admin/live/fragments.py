"""What changed in a class, as the names of fragments and what each needs. The same for everybody who may
see the class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from classroom_admin.live import versions
from classroom_admin.live.events.page import EventPage
from classroom_admin.live.participants.reading import moved_since
from classroom_admin.live.reading import ClassReading
from classroom_admin.live.roster import FIRST_PEOPLE
from classroom_admin.live.versions import Seen, news
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A piece of the page: `template` rendered with `one` (the reading) and `more`."""

    template: str
    one: ClassReading
    more: dict[str, Any] = field(default_factory=dict)


def fragments(room: Room, *, seen: Seen, now: Seen) -> list[Fragment]:
    """What a page that has seen `seen` needs to show `now`: rows of the roster and of the chat one by one."""
    seen = seen.known_to(now)
    parts = news(seen, now)
    also = class_selectors.targets_since(room, seen.step) if versions.COMMANDS in parts else []
    since = ClassReading(room, since=seen.version, also=also)
    whole = ClassReading(room)
    found: list[Fragment] = []

    def add(template: str, one: ClassReading = since, **more: Any) -> None:
        found.append(Fragment(template=f"live/{template}", one=one, more=more))

    panels = class_selectors.changed_panels(room, seen.version) if versions.PANELS in parts else set()
    if versions.HEADER in parts:
        add("_header.html")
    if versions.ACTIONS in parts:
        add("_actions.html")
    if (versions.PEOPLE in parts or also) and since.people:
        many = len(since.people) > FIRST_PEOPLE
        add("_people.html", whole) if many else add("_people_changes.html")
        add("participants/_hands.html", whole) if many else add("participants/_hands_changes.html")
    if also:
        add("participants/_removals.html")
    if now.profile != seen.profile or (room.class_list_id and moved_since(room, seen)):
        add("participants/_attendance_changes.html")
    if versions.CHAT in parts:
        since.talk.peers_too = "peer" in panels
        if since.talk.too_many:
            add("talk/_newest.html", whole)
        if since.talk.chat or since.talk.custom or since.talk.peer:
            add("_chat_changes.html")
    if "recording" in panels or versions.ACTIONS in parts:
        add("_recording.html")
    if "files" in panels or (
        versions.COMMANDS in parts and class_selectors.files_touched_since(room, seen.step)
    ):
        add("_files.html")
    if now.profile != seen.profile and room.groups_sequence:
        add("groups/_panel.html")
    if panels & {"quiz", "poll", "answer"}:
        add("_questions_changes.html")
    if versions.EVENTS in parts:
        newer = EventPage(room, after=seen.event, upto=now.event)
        if len(newer.rows) == now.events - seen.events:
            add("_events_changes.html", events=newer)
        else:  # one was committed after another with a higher id
            add("_events.html", whole)
    if versions.ALL_EVENTS in parts:
        add("_events.html", whole)
    if versions.COMMANDS in parts:
        add("_commands.html")
    return found
