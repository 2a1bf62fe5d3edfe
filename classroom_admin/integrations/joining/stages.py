"""Decide what a person who wants to come in sees next. All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from classroom_admin.integrations.joining.models import JoinRequest
from classroom_admin.rooms.bans import Until
from classroom_admin.rooms.models import RoomState


class Stage(StrEnum):
    """What the page of a person who wants to come in shows."""

    OVER = "over"
    BANNED = "banned"
    REFUSED = "refused"
    WAITING = "waiting"
    EARLY = "early"
    ENDED = "ended"
    NO_APP = "no_app"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFacts:
    """What decides about a class: its state (`RoomState`, or None), and whether the cloud deleted it."""

    state: int | None
    is_gone: bool

    @property
    def is_over(self) -> bool:
        return self.is_gone or self.state == RoomState.CLOSED

    @property
    def is_live(self) -> bool:
        return not self.is_gone and self.state == RoomState.STARTED


def stage_of(state: str, facts: ClassFacts, *, ban: Until | None = None, has_app: bool = True) -> Stage:
    """Return the stage of a person. `state` is a `JoinRequest.State`, `ban` the end of a ban or None.

    `has_app` says whether the school has set the address of its classroom app.
    """
    if facts.is_over:
        return Stage.OVER
    if ban is not None:
        return Stage.BANNED
    if state == JoinRequest.State.REFUSED:
        return Stage.REFUSED
    if state == JoinRequest.State.WAITING:
        return Stage.WAITING
    if facts.state == RoomState.ENDED:
        return Stage.ENDED
    if not facts.is_live:
        return Stage.EARLY
    return Stage.READY if has_app else Stage.NO_APP


def begins_at(
    *, planned: datetime | None, timetable: datetime | None, started: datetime | None
) -> datetime | None:
    """Return when a class begins that has not started. After the start, the cloud's plan has other times."""
    return None if started is not None else timetable or planned
