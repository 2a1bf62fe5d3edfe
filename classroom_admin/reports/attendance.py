"""Compute the attendance of a class from stays, class time, class list and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from classroom_admin.common import names
from classroom_admin.reports.stays import ClassTime, Inside, Stay, inside
from classroom_admin.rooms.class_lists import Listed

Match = names.Found[Listed, Any]
"""A listed person and the matching participants. A person who joined with several user ids has several."""
STUDENT_ROLES: Final = ("student", "unknown")
PARTLY: Final = 0.5
"""The share of the class below which a person attended only partly."""


class Status(StrEnum):
    """How a person attended a class."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    LATE_AND_LEFT_EARLY = "late_and_left_early"
    PARTLY = "partly"
    ABSENT = "absent"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The shortest delay that counts as late, and the shortest time that counts as leaving early."""

    late_after: timedelta
    early_before: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """The attendance of a person. `match` contains the listed person and the matching participants.

    The figures count only the class time. `status` is None before the class begins. Unknown times are None.
    `last_out` is also None while the person is present. `late` and `left_early` may be below the thresholds.
    `parts` are the parts of the class time during which the person was present.
    """

    match: Match
    here: bool
    status: Status | None = None
    first_in: datetime | None = None
    last_out: datetime | None = None
    present: timedelta = timedelta()
    share: float | None = None
    late: timedelta | None = None
    left_early: timedelta | None = None
    reconnects: int = 0
    parts: Sequence[Inside] = ()

    @property
    def name(self) -> str:
        """Return the name on the class list, or the name in the class if there is no list."""
        return self.match.listed.name

    @property
    def is_late(self) -> bool:
        return self.status in (Status.LATE, Status.LATE_AND_LEFT_EARLY)

    @property
    def is_early(self) -> bool:
        return self.status in (Status.LEFT_EARLY, Status.LATE_AND_LEFT_EARLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """The attendance of a class. `unlisted` participants are students who are not on the class list."""

    time: ClassTime
    rows: list[Attendee]
    unlisted: list[Any] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def here(self) -> int:
        """Return how many listed people are present. After the class, return how many attended."""
        return len(self.rows) - len(self.absent) if self.time.is_over else sum(row.here for row in self.rows)

    @property
    def absent(self) -> list[Attendee]:
        """Return the people who have not attended. While the class runs, people in the room are omitted."""
        return [
            row
            for row in self.rows
            if row.status in (Status.ABSENT, None) and (self.time.is_over or not row.here)
        ]

    @property
    def late(self) -> list[Attendee]:
        return [row for row in self.rows if row.is_late]

    @property
    def left_early(self) -> list[Attendee]:
        return [row for row in self.rows if row.is_early]

    @property
    def partly(self) -> list[Attendee]:
        """Return the people who attended less than half of the class. It is empty while the class runs."""
        return [row for row in self.rows if self.time.is_over and row.status == Status.PARTLY]

    @property
    def by_name(self) -> list[Attendee]:
        return [row for row in self.rows if row.match.by in (names.BY_NAME, names.BY_LOOSE_NAME)]


def attendance(
    listed: Iterable[Listed] | None,
    people: Sequence[Any],
    stays: Mapping[str, Sequence[Stay]],
    time: ClassTime,
    thresholds: Thresholds,
) -> Attendance:
    """Return the attendance of the listed people. If `listed` is None, return that of all students.

    `people` are the participants of the room, and `stays` are their stays by user id. A person who joined
    with several ids has the stays of all these ids.
    """
    matches, others = names.match(listed or (), _by_entry(people))
    students = [one for one in others if one.role in STUDENT_ROLES and _was_there(one, stays)]
    if listed is None:
        matches, students = [_unlisted(one) for one in students], []
    rows = [_attendee(found, stays, time, thresholds) for found in matches]
    return Attendance(time=time, rows=rows, unlisted=students)


def attendees(
    people: Iterable[Any], stays: Mapping[str, Sequence[Stay]], time: ClassTime, thresholds: Thresholds
) -> list[Attendee]:
    """Return the attendance of each participant, without a class list."""
    return [_attendee(_unlisted(one), stays, time, thresholds) for one in people]


def _by_entry(people: Sequence[Any]) -> list[Any]:
    """Return people in the order in which they entered. `match` prefers the first person with a name."""
    return sorted(people, key=lambda one: (one.entered_at is None, one.entered_at or 0, one.user_uuid))


def _was_there(person: Any, stays: Mapping[str, Sequence[Stay]]) -> bool:
    return bool(person.online or stays.get(person.user_uuid))


def _unlisted(person: Any) -> Match:
    return Match(listed=Listed(name=person.name, user_uuid=person.user_uuid), people=[person])


def _attendee(
    found: Match, stays: Mapping[str, Sequence[Stay]], time: ClassTime, thresholds: Thresholds
) -> Attendee:
    own = [stay for person in found.people for stay in stays.get(person.user_uuid, ())]
    here = any(person.online for person in found.people)
    if not time.has_begun:
        return Attendee(match=found, here=here)
    parts = inside(own, time)
    if not parts:
        return Attendee(match=found, here=here, status=Status.ABSENT, share=0.0)
    first, last = parts[0], parts[-1]
    present = sum((part.length for part in parts), timedelta())
    share = present / time.length if time.length else None
    late = _late(first, time)
    early = _left_early(last, time)
    return Attendee(
        match=found,
        here=here,
        status=_status(
            late=late is not None and late >= thresholds.late_after,
            early=early is not None and early >= thresholds.early_before,
            share=share,
        ),
        first_in=first.start,
        last_out=None if last.lasts else last.stop,
        present=present,
        share=share,
        late=late,
        left_early=early,
        reconnects=len(parts) - 1,
        parts=parts,
    )


def _late(first: Inside, time: ClassTime) -> timedelta | None:
    if first.start is None or time.starts_at is None:
        return None
    return first.start - time.starts_at


def _left_early(last: Inside, time: ClassTime) -> timedelta | None:
    if last.lasts:
        return timedelta()
    return None if time.ends_at is None else time.ends_at - last.stop


def _status(*, late: bool, early: bool, share: float | None) -> Status:
    if late or early:
        return Status.LATE_AND_LEFT_EARLY if late and early else Status.LATE if late else Status.LEFT_EARLY
    return Status.PARTLY if share is not None and share < PARTLY else Status.PRESENT
