"""What changed in a class, as the names of fragments and what each needs. The same for everybody who may
see the class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from classroom_admin.realtime import versions
from classroom_admin.realtime.versions import Seen, news
from classroom_admin.rooms import class_selectors
from classroom_admin.rooms.models import Room
from classroom_admin.web.classroom.events import EventPage
from classroom_admin.web.classroom.people_panels import moved_since
from classroom_admin.web.classroom.presenter import ClassReading
from classroom_admin.web.classroom.roster import FIRST_PEOPLE


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
        add("classroom/_header.html")
    if versions.ACTIONS in parts:
        add("classroom/_actions.html")
    if (versions.PEOPLE in parts or also) and since.people:
        many = len(since.people) > FIRST_PEOPLE
        add("classroom/_roster.html", whole) if many else add("classroom/_roster_changes.html")
        add("classroom/people/_hands.html", whole) if many else add("classroom/people/_hands_changes.html")
    if also:
        add("classroom/people/_removals.html")
    if now.profile != seen.profile or (room.class_list_id and moved_since(room, seen)):
        add("classroom/people/_attendance_changes.html")
    if versions.CHAT in parts:
        since.talk.peers_too = "peer" in panels
        if since.talk.too_many:
            add("classroom/chat/_newest.html", whole)
        if since.talk.chat or since.talk.custom or since.talk.peer:
            add("classroom/_chat_changes.html")
    if "recording" in panels or versions.ACTIONS in parts:
        add("classroom/_recording.html")
    if "files" in panels or (
        versions.COMMANDS in parts and class_selectors.files_touched_since(room, seen.step)
    ):
        add("classroom/_files.html")
    if now.profile != seen.profile and room.groups_sequence:
        add("classroom/breakout_rooms/_panel.html")
    if panels & {"quiz", "poll", "answer"}:
        add("classroom/_quizzes_polls_changes.html")
    if versions.EVENTS in parts:
        newer = EventPage(room, after=seen.event, upto=now.event)
        if len(newer.rows) == now.events - seen.events:
            add("classroom/_events_changes.html", events=newer)
        else:  # one was committed after another with a higher id
            add("classroom/_events.html", whole)
    if versions.ALL_EVENTS in parts:
        add("classroom/_events.html", whole)
    if versions.COMMANDS in parts:
        add("classroom/_commands.html")
    return found
