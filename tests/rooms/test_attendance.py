"""Matching of listed people, and attendance."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from classroom_admin.rooms.attendance import Listed, Times, attendance, match, times_of

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


@dataclass
class Somebody:
    user_uuid: str
    name: str
    role: str = "student"
    online: bool = True
    entered_at: datetime | None = None
    left_at: datetime | None = None


@dataclass
class Klass:
    started_at: datetime | None = TEN
    planned_start_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    planned_end_at: datetime | None = None


def times(**columns) -> Times:
    return times_of(Klass(**columns), late_after=FIVE, early_before=FIVE)


def test_id_matches_before_name() -> None:
    ada, other = Somebody("u1", "Somebody Else"), Somebody("u2", "Ada Lovelace")
    (one,), others = match([Listed(name="Ada Lovelace", user_uuid="u1")], [other, ada])
    assert (one.people, one.by) == ([ada], "id")
    assert others == [other]


def test_name_matches_if_the_id_is_absent() -> None:
    ada = Somebody("guest-7", "LOVELACE Ada")
    (one,), others = match([Listed(name="Ada Lovelace", user_uuid="u1")], [ada])
    assert (one.people, one.by, others) == ([ada], "loose name", [])


def test_person_who_rejoins_as_guest_is_matched_once() -> None:
    first = Somebody("g1", "Ada", online=False, entered_at=at(0), left_at=at(20))
    again = Somebody("g2", "Ada", entered_at=at(22))
    found = attendance([Listed(name="Ada")], [again, first], times())
    assert (found.here, found.absent, found.late, found.left_early) == (1, [], [], [])


def test_namesakes_get_one_participant_each() -> None:
    people = [Somebody("g1", "Tom", entered_at=at(1)), Somebody("g2", "Tom", entered_at=at(30))]
    for order in permutations(people):
        matches, others = match([Listed(name="Tom", group="a"), Listed(name="tom", group="b")], order)
        assert [[person.user_uuid for person in one.people] for one in matches] == [["g1"], ["g2"]]
        assert others == []


def test_guest_without_name_matches_nobody() -> None:
    (one,), others = match([Listed(name="--")], [Somebody("g1", "")])
    assert not one.people
    assert len(others) == 1


def test_attendance_lists_absent_late_early_and_unlisted_people() -> None:
    listed = [Listed(name=name) for name in ("In Time", "Late One", "Gone", "Missing", "Back Again")]
    people = [
        Somebody("1", "In Time", entered_at=at(4.9)),
        Somebody("2", "Late One", entered_at=at(12)),
        Somebody("3", "Gone", online=False, entered_at=at(0), left_at=at(30)),
        Somebody("4", "Back Again", entered_at=at(0), left_at=at(30)),
        Somebody("5", "Stranger", entered_at=at(1)),
        Somebody("6", "The Teacher", role="teacher", entered_at=at(0)),
        Somebody("7", "Named in passing", online=False),
    ]
    found = attendance(listed, people, times(planned_end_at=at(60)))
    assert (found.total, found.here) == (5, 3)
    assert [one.listed.name for one in found.absent] == ["Missing"]
    assert [(one.match.listed.name, one.by_s) for one in found.late] == [("Late One", 12 * 60)]
    assert [(one.match.listed.name, one.at, one.by_s) for one in found.left_early] == [("Gone", at(30), 1800)]
    assert [one.name for one in found.unlisted] == ["Stranger"]
    assert len(found.by_name) == 4


@pytest.mark.parametrize(("minutes", "is_late"), [(4.99, False), (5, True)])
def test_late_begins_at_the_threshold(minutes: float, is_late: bool) -> None:
    people = [Somebody("1", "Ada", entered_at=at(minutes))]
    assert bool(attendance([Listed(name="Ada")], people, times()).late) is is_late


@pytest.mark.parametrize(("minutes", "is_early"), [(55, True), (55.01, False), (70, False)])
def test_left_early_begins_at_the_threshold(minutes: float, is_early: bool) -> None:
    people = [Somebody("1", "Ada", online=False, entered_at=at(0), left_at=at(minutes))]
    found = attendance([Listed(name="Ada")], people, times(planned_end_at=at(60)))
    assert bool(found.left_early) is is_early


def test_nobody_is_late_or_early_without_start_or_end() -> None:
    people = [Somebody("1", "Ada", online=False, entered_at=at(30), left_at=at(31))]
    before = attendance([Listed(name="Ada")], people, times(started_at=None))
    assert (before.late, before.left_early) == ([], [])
    assert attendance([Listed(name="Ada")], people, times()).left_early == []


def test_class_begins_at_the_later_of_planned_and_actual_start() -> None:
    assert times(planned_start_at=at(10)).began_at == at(10)
    assert times(planned_start_at=at(-10)).began_at == TEN
    assert times(ended_at=at(40), planned_end_at=at(60)).ends_at == at(40)
