"""The version of a class that a page shows, as a short token, and which parts differ between two. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

ShownRoom: TypeAlias = Any
"""A Room with the annotations of `class_selectors.as_shown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersion:
    """What a page of a class shows.

    `version`: of the room. `step`: id of the last step of a command. `details`: a checksum of what no event
    carries. `event`: the highest id of a projected event; `events`: their number, quizzes and polls included.
    (An event that arrived late has a high id, whatever its sequence number.)
    """

    version: int = 0
    step: int = 0
    details: int = 0
    event: int = 0
    events: int = 0

    def __str__(self) -> str:
        return f"{self.version}-{self.step}-{self.details:x}-{self.event}-{self.events}"

    @classmethod
    def parse(cls, token: str) -> PageVersion:
        """Parse the token from an address. A malformed one is the empty version: the page gets everything."""
        try:
            version, step, details, event, events = token.split("-")
            numbers = {"version": version, "step": step, "event": event, "events": events}
            return cls(details=int(details, 16), **{name: int(text) for name, text in numbers.items()})
        except ValueError:
            return cls()

    def limited_to(self, now: PageVersion) -> PageVersion:
        """Return this version; the empty one if it is ahead of `now`, because a backup was restored."""
        ahead = self.version > now.version or self.step > now.step
        return PageVersion() if ahead else self

    @classmethod
    def of(cls, room: ShownRoom) -> PageVersion:
        """Return the version that a page made now from `room` shows."""
        return cls(
            version=room.version,
            step=room.last_step or 0,
            details=details_checksum(room),
            event=room.last_event_id,
            events=room.event_count + room.question_events,
        )


def details_checksum(room: ShownRoom) -> int:
    """Return a checksum of what the page shows and no event carries.

    The number of steps is part of it: a step that is committed late has a lower id than the last one.
    """
    values = (
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
    return zlib.crc32(repr(values).encode())


HEADER: Final = "header"
ACTIONS: Final = "actions"
PEOPLE: Final = "people"
CHAT: Final = "chat"
PANELS: Final = "panels"
EVENTS: Final = "events"
ALL_EVENTS: Final = "all events"
COMMANDS: Final = "commands"
MOST_EVENTS: Final = 50
"""If there are more new events than this, the newest page of events is sent instead."""


def changed_parts(seen: PageVersion, now: PageVersion) -> set[str]:
    """Return the parts of the page that may differ between `seen` and `now`.

    Rows of people, chat and panels are then selected by their own version, events by their ids.
    """
    parts: set[str] = set()
    if now.version != seen.version:
        parts |= {HEADER, ACTIONS, PEOPLE, CHAT, PANELS}
    if now.details != seen.details:
        parts |= {HEADER, ACTIONS, COMMANDS}
    if now.step != seen.step:
        parts |= {ACTIONS, COMMANDS}
    if (now.event, now.events) != (seen.event, seen.events):
        few = seen.event < now.event and 0 < now.events - seen.events <= MOST_EVENTS
        parts.add(EVENTS if few else ALL_EVENTS)
    return parts
