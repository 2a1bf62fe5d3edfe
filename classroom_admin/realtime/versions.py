"""Describe versions of a class page by short tokens, and find the parts that may have changed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from classroom_admin.common.numbers import parsed

ShownRoom: TypeAlias = Any
"""A `Room` with the annotations of `class_selectors.as_shown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVersion:
    """The version of a class page.

    `version` is the room's version, `step` the id of its newest audit step, and `details` the result of
    `details_checksum`. `event` is the highest id of a projected event. Late events have high ids, too.
    `events` is the number of projected events, including events about quizzes and polls. `event` and `events`
    include the events of breakout rooms. `waiting` is raised when the people who want to come in change.
    """

    version: int = 0
    step: int = 0
    details: int = 0
    event: int = 0
    events: int = 0
    waiting: int = 0

    def __str__(self) -> str:
        return f"{self.version}-{self.step}-{self.details:x}-{self.event}-{self.events}-{self.waiting}"

    @classmethod
    def parse(cls, token: str) -> PageVersion:
        """Parse a token from a URL.

        If it is malformed, return the empty version, so the page gets all parts.
        """
        try:
            version, step, details, event, events, waiting = token.split("-")
            checksum = int(details, 16)
        except ValueError:
            return cls()
        numbers = {"version": version, "step": step, "event": event, "events": events, "waiting": waiting}
        found = {name: parsed(text) for name, text in numbers.items()}
        whole = {name: number for name, number in found.items() if number is not None}
        return cls(details=checksum, **whole) if len(whole) == len(found) else cls()

    def limited_to(self, now: PageVersion) -> PageVersion:
        """Return this version.

        If it is newer than `now`, as after a restored backup, return an empty version.
        """
        ahead = self.version > now.version or self.step > now.step
        return PageVersion() if ahead else self

    @property
    def tools(self) -> int:
        """The `tools_mark` of this version."""
        return self.details % TOOL_BITS

    @classmethod
    def of(cls, room: ShownRoom) -> PageVersion:
        """Return the version of a page that shows `room`."""
        return cls(
            version=room.version,
            step=room.last_step or 0,
            details=details_checksum(room),
            event=max(room.last_event_id, room.group_event),
            events=room.event_count + room.question_events + room.group_events,
            waiting=room.join_revision,
        )


def details_checksum(room: ShownRoom) -> int:
    """Return a checksum of the page's details. Most of them do not come from events.

    It includes the number of audit steps, because a step may be committed after a step with a higher id.
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
    return zlib.crc32(repr(values).encode()) * TOOL_BITS + tools_mark(room)


TOOL_BITS: Final = 128
_TOOLS: Final = (
    "whiteboard_off",
    "chat_off",
    "timer_on",
    "timer_paused",
    "carousel_on",
    "video_wall_on",
    "hands_closed",
)


def tools_mark(room: ShownRoom) -> int:
    """Return the states of the classroom tools as a number below TOOL_BITS, with one bit for each state."""
    return sum(1 << place for place, name in enumerate(_TOOLS) if getattr(room, name))


HEADER: Final = "header"
ACTIONS: Final = "actions"
PANELS: Final = "panels"
EVENTS: Final = "events"
ALL_EVENTS: Final = "all events"
COMMANDS: Final = "commands"
WAITING: Final = "waiting"
MOST_EVENTS: Final = 50
"""The maximum number of new events to send. If there are more, send the newest page of events instead."""


def changed_parts(seen: PageVersion, now: PageVersion) -> set[str]:
    """Return the parts of the page that may differ between `seen` and `now`."""
    parts: set[str] = set()
    if now.version != seen.version:
        parts |= {HEADER, ACTIONS, PANELS}
    if now.details != seen.details:
        parts |= {HEADER, ACTIONS, COMMANDS}
    if now.step != seen.step:
        parts |= {ACTIONS, COMMANDS}
    if now.waiting != seen.waiting:
        parts.add(WAITING)
    if (now.event, now.events) != (seen.event, seen.events):
        few = seen.event < now.event and 0 < now.events - seen.events <= MOST_EVENTS
        parts.add(EVENTS if few else ALL_EVENTS)
    return parts
