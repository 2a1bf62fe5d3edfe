"""Describe versions of a class page by short tokens, and find the parts that may have changed. Pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

ShownRoom: TypeAlias = Any
"""A `Room` with the annotations of `class_selectors.as_shown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersion:
    """The version of a class page.

    `version` is the room's version, `step` the id of its newest audit step, and `details` its checksum from
    `details_checksum`. `event` is the highest id of a projected event; late events have high ids, too.
    `events` is the number of projected events, including events about quizzes and polls.
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
        """Parse a token from a URL. For a malformed token, return the empty version, which gets all parts."""
        try:
            version, step, details, event, events = token.split("-")
            numbers = {"version": version, "step": step, "event": event, "events": events}
            return cls(details=int(details, 16), **{name: int(text) for name, text in numbers.items()})
        except ValueError:
            return cls()

    def limited_to(self, now: PageVersion) -> PageVersion:
        """Return this version; the empty version if it is newer than `now` (after a restored backup)."""
        ahead = self.version > now.version or self.step > now.step
        return PageVersion() if ahead else self

    @classmethod
    def of(cls, room: ShownRoom) -> PageVersion:
        """Return the version of a page that shows `room`."""
        return cls(
            version=room.version,
            step=room.last_step or 0,
            details=details_checksum(room),
            event=room.last_event_id,
            events=room.event_count + room.question_events,
        )


def details_checksum(room: ShownRoom) -> int:
    """Return a checksum of the details on the page that do not come from events.

    It includes the number of audit steps, because a step that is committed late can have a lower id.
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
"""The maximum number of new events to send. If there are more, send the newest page of events instead."""


def changed_parts(seen: PageVersion, now: PageVersion) -> set[str]:
    """Return the parts of the page that may differ between `seen` and `now`.

    For people, chat and panels, the caller then selects rows by their versions, and events by their ids.
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
