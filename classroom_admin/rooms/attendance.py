"""Who of a class list was there: whom a list means, who is missing, late, or left early. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from classroom_admin.rooms.name_matching import fold_name

BY_ID: Final = "id"
BY_NAME: Final = "name"
PUPILS: Final = ("student", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody on a list; `user_uuid` "" where the list does not tell it."""

    name: str
    user_uuid: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Somebody on the list and the people in the class who are that one (several ids, where they came as a
    guest again). `by`: "id", "name", or "" for nobody.
    """

    listed: Listed
    people: Sequence[Any] = ()
    by: str = ""

    @property
    def came_at(self) -> datetime | None:
        return min((one.entered_at for one in self.people if one.entered_at), default=None)

    @property
    def is_here(self) -> bool:
        return any(one.online for one in self.people)

    @property
    def left_at(self) -> datetime | None:
        return max((one.left_at for one in self.people if one.left_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Somebody with a time: `by_s` seconds late, or `at` gone."""

    match: Match
    at: datetime
    by_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """What the page tells of a class list. `strangers` are in the class and not on the list."""

    total: int
    here: int
    absent: list[Match] = field(default_factory=list)
    late: list[Marked] = field(default_factory=list)
    left_early: list[Marked] = field(default_factory=list)
    strangers: list[Any] = field(default_factory=list)
    by_name: list[Match] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A class: when it began, when it is or was to end (None: not known), what counts as late or early."""

    began_at: datetime | None
    ends_at: datetime | None
    late_after: timedelta
    early_before: timedelta


def times_of(room: Any, *, late_after: timedelta, early_before: timedelta) -> Times:
    """A class begins by its plan, or when it was started later; it ends when it ended, else by its plan."""
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
    """Whom each of the list is in the class, and who is left over: by id first, else by the folded name.

    Where several on the list have one name, each takes one person in the order of their coming.
    """
    wanted = list(listed)
    by_id: dict[str, list[Any]] = defaultdict(list)
    ids = {one.user_uuid for one in wanted if one.user_uuid}
    rest: dict[str, list[Any]] = defaultdict(list)
    for person in people:
        if person.user_uuid in ids:
            by_id[person.user_uuid].append(person)
        else:
            rest[fold_name(person.name)].append(person)
    left = [one for one in wanted if not by_id.get(one.user_uuid)]
    namesakes: dict[str, int] = defaultdict(int)
    for one in left:
        namesakes[fold_name(one.name)] += 1
    found = [_of(one, by_id.get(one.user_uuid, []), rest, namesakes) for one in wanted]
    return found, [person for same in rest.values() for person in same]


def _of(one: Listed, by_id: list[Any], rest: dict[str, list[Any]], namesakes: dict[str, int]) -> Match:
    if by_id:
        return Match(listed=one, people=by_id, by=BY_ID)
    name = fold_name(one.name)
    same = rest.get(name) if name else None
    if not same:
        return Match(listed=one)
    if namesakes[name] == 1:
        return Match(listed=one, people=rest.pop(name), by=BY_NAME)
    first = min(same, key=lambda person: (person.entered_at is None, person.entered_at, person.user_uuid))
    same.remove(first)
    return Match(listed=one, people=[first], by=BY_NAME)


def attendance(listed: Iterable[Listed], people: Iterable[Any], times: Times) -> Attendance:
    """Who is missing, who came late, who left early, and who is not on the list."""
    matches, others = match(listed, people)
    return Attendance(
        total=len(matches),
        here=sum(one.is_here for one in matches),
        absent=[one for one in matches if one.came_at is None and not one.is_here],
        late=[late for one in matches if (late := _late(one, times))],
        left_early=[left for one in matches if (left := _left_early(one, times))],
        strangers=[one for one in others if one.role in PUPILS and (one.online or one.entered_at)],
        by_name=[one for one in matches if one.by == BY_NAME],
    )


def _late(one: Match, times: Times) -> Marked | None:
    if times.began_at is None or one.came_at is None or one.came_at - times.began_at < times.late_after:
        return None
    return Marked(match=one, at=one.came_at, by_s=int((one.came_at - times.began_at).total_seconds()))


def _left_early(one: Match, times: Times) -> Marked | None:
    left_at = one.left_at
    if one.is_here or left_at is None or times.ends_at is None or times.began_at is None:
        return None
    if left_at < times.began_at or times.ends_at - left_at < times.early_before:
        return None
    return Marked(match=one, at=left_at, by_s=int((times.ends_at - left_at).total_seconds()))
