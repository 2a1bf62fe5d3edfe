"""Match a class list with participants, and find who was absent, came late or left early. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from classroom_admin.common import names

STUDENT_ROLES: Final = ("student", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A person on a class list. `user_uuid` is "" if the list contains no id for the person."""

    name: str
    user_uuid: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A listed person and the matching participants; several if the person joined with several ids.

    `by` is how they matched, as in ``names.Found``; "" if nobody matches.
    """

    listed: Listed
    people: Sequence[Any] = ()
    by: str = ""

    @property
    def first_in(self) -> datetime | None:
        return min((one.entered_at for one in self.people if one.entered_at), default=None)

    @property
    def is_here(self) -> bool:
        return any(one.online for one in self.people)

    @property
    def left_at(self) -> datetime | None:
        return max((one.left_at for one in self.people if one.left_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A listed person who joined or left at the time `at`, `by_s` seconds too late or too early."""

    match: Match
    at: datetime
    by_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """The attendance of a class list. `unlisted` participants are not on the list."""

    total: int
    here: int
    absent: list[Match] = field(default_factory=list)
    late: list[Marked] = field(default_factory=list)
    left_early: list[Marked] = field(default_factory=list)
    unlisted: list[Any] = field(default_factory=list)
    by_name: list[Match] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The start and end of a class (None: unknown), and how much later or earlier counts as late or early."""

    began_at: datetime | None
    ends_at: datetime | None
    late_after: timedelta
    early_before: timedelta


def times_of(room: Any, *, late_after: timedelta, early_before: timedelta) -> Times:
    """Return a class's times: the later of planned and actual start; the actual, else the planned end."""
    began = room.started_at
    if began and room.planned_start_at and room.planned_start_at > began:
        began = room.planned_start_at
    return Times(
        began_at=began,
        ends_at=room.ended_at or room.closed_at or room.planned_end_at,
        late_after=late_after,
        early_before=early_before,
    )


def match(listed: Iterable[Listed], people: Iterable[Any]) -> tuple[list[Match], list[Any]]:
    """Match listed people with participants by id and name. Also return unmatched participants.

    If several listed people have the same name, match each with one participant, in the order of joining.
    """
    by_entry = sorted(people, key=lambda one: (one.entered_at is None, one.entered_at or 0, one.user_uuid))
    found, others = names.match(listed, by_entry)
    return [Match(listed=one.listed, people=one.people, by=one.by) for one in found], others


def attendance(listed: Iterable[Listed], people: Iterable[Any], times: Times) -> Attendance:
    """Return the people who are absent, came late or left early, and the participants not on the list."""
    matches, others = match(listed, people)
    return Attendance(
        total=len(matches),
        here=sum(one.is_here for one in matches),
        absent=[one for one in matches if one.first_in is None and not one.is_here],
        late=[late for one in matches if (late := _late(one, times))],
        left_early=[left for one in matches if (left := _left_early(one, times))],
        unlisted=[one for one in others if one.role in STUDENT_ROLES and (one.online or one.entered_at)],
        by_name=[one for one in matches if one.by in (names.BY_NAME, names.BY_LOOSE_NAME)],
    )


def _late(one: Match, times: Times) -> Marked | None:
    if times.began_at is None or one.first_in is None or one.first_in - times.began_at < times.late_after:
        return None
    return Marked(match=one, at=one.first_in, by_s=int((one.first_in - times.began_at).total_seconds()))


def _left_early(one: Match, times: Times) -> Marked | None:
    left_at = one.left_at
    if one.is_here or left_at is None or times.ends_at is None or times.began_at is None:
        return None
    if left_at < times.began_at or times.ends_at - left_at < times.early_before:
        return None
    return Marked(match=one, at=left_at, by_s=int((times.ends_at - left_at).total_seconds()))
