"""What a page has seen, as a short token, and what it must be told to catch up. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from classroom_admin.rooms.models import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a page of a class has seen.

    `version`: of the room. `step`: id of the last step on record. `profile`: a mark of what reading the
    room answered. `event`, `events`: the highest id of a projected event and how many there are, those of
    quizzes and polls too. (An event that came late has a high id, whatever its number.)
    """

    version: int = 0
    step: int = 0
    profile: int = 0
    event: int = 0
    events: int = 0

    def __str__(self) -> str:
        return f"{self.version}-{self.step}-{self.profile:x}-{self.event}-{self.events}"

    @classmethod
    def read(cls, token: str) -> Seen:
        """The token of an address; one that can't be read has seen nothing, so its page gets everything."""
        try:
            version, step, profile, event, events = token.split("-")
            return cls(
                version=int(version),
                step=int(step),
                profile=int(profile, 16),
                event=int(event),
                events=int(events),
            )
        except ValueError:
            return cls()

    def known_to(self, now: Seen) -> Seen:
        """This, or nothing where it is ahead of `now`: the database was put back to an earlier state."""
        ahead = self.version > now.version or self.step > now.step
        return Seen() if ahead else self

    @classmethod
    def of(cls, room: Room) -> Seen:
        """What a page that shows `room` now has seen. `room` is as `class_selectors.as_shown`."""
        return cls(
            version=room.version,
            step=room.last_step or 0,
            profile=profile_mark(room),
            event=room.last_event_id,
            events=room.event_count + room.question_events,
        )


def profile_mark(room: Room) -> int:
    """Changes with what the header shows and no event carries, and with a step that came late: a lower id
    than the last one, committed after it.
    """
    facts = (
        room.name,
        room.room_type,
        room.profile_state,
        room.planned_start_at,
        room.planned_end_at,
        room.planned_close_at,
        room.gone_at,
        room.gap_count,
        room.step_count,
        room.groups_sequence,
        room.class_list_id,
        room.class_list_name,
        room.class_list_version,
    )
    return zlib.crc32(repr(facts).encode())


HEADER: Final = "header"
ACTIONS: Final = "actions"
PEOPLE: Final = "people"
CHAT: Final = "chat"
PANELS: Final = "panels"
EVENTS: Final = "events"
ALL_EVENTS: Final = "all events"
COMMANDS: Final = "commands"
MOST_EVENTS: Final = 50
"""More than so many new events are told by sending the newest page instead."""


def news(seen: Seen, now: Seen) -> set[str]:
    """Which parts of the page may have changed between `seen` and `now`.

    Rows within people, chat and panels are then chosen by their own version, events by their ids. More than a
    few events are told by sending the newest page.
    """
    parts: set[str] = set()
    if now.version != seen.version:
        parts |= {HEADER, ACTIONS, PEOPLE, CHAT, PANELS}
    if now.profile != seen.profile:
        parts |= {HEADER, ACTIONS, COMMANDS}
    if now.step != seen.step:
        parts |= {ACTIONS, COMMANDS}
    if (now.event, now.events) != (seen.event, seen.events):
        few = seen.event < now.event and 0 < now.events - seen.events <= MOST_EVENTS
        parts.add(EVENTS if few else ALL_EVENTS)
    return parts
