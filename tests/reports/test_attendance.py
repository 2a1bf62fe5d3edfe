"""The figures and the status of each person, from stays, class time, list and thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from classroom_admin.reports.attendance import Attendance, Attendee, Thresholds, attendance
from classroom_admin.reports.stays import ClassTime, Stay, class_time
from classroom_admin.rooms.class_lists import Listed

TEN = datetime(2026, 9, 1, 10, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)
FIVE = timedelta(minutes=5)
FIVE_MINUTES = Thresholds(late_after=FIVE, early_before=FIVE)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


@dataclass
class Someone:
    user_uuid: str
    name: str = "Ada"
    role: str = "student"
    online: bool = False
    entered_at: datetime | None = None


@dataclass
class Klass:
    """A class of an hour that is over, if a test does not change that."""

    current_state: int | None = 3
    started_at: datetime | None = TEN
    planned_start_at: datetime | None = None
    planned_end_at: datetime | None = None
    timetable_start_at: datetime | None = None
    timetable_end_at: datetime | None = None
    ended_at: datetime | None = ELEVEN
    closed_at: datetime | None = None
    last_event_at: datetime | None = None
    gone_at: datetime | None = None


def time_of(now: float = 999, **columns: Any) -> ClassTime:
    return class_time(Klass(**columns), now=at(now))


def live(now: float, **columns: Any) -> ClassTime:
    return time_of(now, current_state=1, ended_at=None, **columns)


def stay(entered: float | None, left: float | None = None) -> Stay:
    return Stay(
        entered_at=None if entered is None else at(entered), left_at=None if left is None else at(left)
    )


def of_ada(*stays: Stay, time: ClassTime | None = None) -> Attendee:
    """Return the attendance of Ada, who was in the room at these times."""
    ada = Someone("u1", online=any(one.left_at is None for one in stays))
    found = attendance([Listed(name="Ada")], [ada], {"u1": stays}, time or time_of(), FIVE_MINUTES)
    (row,) = found.rows
    return row


def figures(row: Attendee) -> tuple[Any, ...]:
    def minutes(duration: timedelta | None) -> float | None:
        return None if duration is None else duration / timedelta(minutes=1)

    return (row.status, minutes(row.present), minutes(row.late), minutes(row.left_early), row.reconnects)


def test_a_student_who_is_there_all_the_time_is_present() -> None:
    row = of_ada(stay(-3, 62))
    assert figures(row) == ("present", 60, 0, 0, 0)
    assert (row.first_in, row.last_out, row.share) == (at(0), at(60), 1)


def test_a_student_who_was_there_only_before_the_start_is_absent() -> None:
    row = of_ada(stay(-10, -2), stay(-1, 0))
    assert figures(row) == ("absent", 0, None, None, 0)
    assert (row.first_in, row.last_out, row.share) == (None, None, 0)


def test_a_student_who_left_and_looked_in_after_the_end_left_early() -> None:
    assert figures(of_ada(stay(0, 30), stay(61, 63))) == ("left_early", 30, 0, 30, 0)


def test_a_student_who_came_after_the_end_is_absent_and_not_late() -> None:
    assert of_ada(stay(60, 65)).status == "absent"


def test_a_student_who_waited_early_and_came_back_at_minute_25_is_late() -> None:
    assert figures(of_ada(stay(-10, -5), stay(25, 60))) == ("late", 35, 25, 0, 0)


def test_a_short_stay_in_the_middle_is_late_and_left_early() -> None:
    assert figures(of_ada(stay(20, 30))) == ("late_and_left_early", 10, 20, 30, 0)


def test_less_than_half_of_the_class_with_a_good_start_and_end_is_partly() -> None:
    row = of_ada(stay(0, 10), stay(45, 60))
    assert figures(row) == ("partly", 25, 0, 0, 1)
    assert row.share == pytest.approx(25 / 60)
    assert of_ada(stay(0, 10), stay(40, 60)).status == "present"


def test_each_return_is_a_reconnect_but_not_one_outside_the_class_time() -> None:
    assert of_ada(stay(-5, -4), stay(-3, 10), stay(12, 20), stay(21, 70), stay(71, 72)).reconnects == 2


def test_a_moment_counts_as_there() -> None:
    assert figures(of_ada(stay(20, 20))) == ("late_and_left_early", 0, 20, 40, 0)
    assert of_ada(stay(60, 60)).status == "absent"
    assert of_ada(stay(0, 0)).status == "left_early"


def test_a_lost_entry_does_not_make_a_student_absent_or_late() -> None:
    row = of_ada(stay(None, 60 - 1))
    assert (row.status, row.late, row.first_in, row.last_out) == ("partly", None, None, at(59))
    assert of_ada(stay(None, -1)).status == "absent"


@pytest.mark.parametrize(("minutes", "status"), [(4.99, "present"), (5, "late")])
def test_late_begins_at_the_threshold(minutes: float, status: str) -> None:
    assert of_ada(stay(minutes, 60)).status == status


@pytest.mark.parametrize(("minutes", "status"), [(55, "left_early"), (55.01, "present"), (70, "present")])
def test_left_early_begins_at_the_threshold(minutes: float, status: str) -> None:
    assert of_ada(stay(0, minutes)).status == status


# --- the time of the class -------------------------------------------------------------------------------


def plan(start: float | None = None, end: float | None = None) -> dict[str, Any]:
    return {
        "timetable_start_at": None if start is None else at(start),
        "timetable_end_at": None if end is None else at(end),
    }


def test_a_class_that_overran_ends_at_its_planned_end() -> None:
    overran = time_of(ended_at=at(80), **plan(0, 60))
    assert (overran.starts_at, overran.ends_at) == (at(0), at(60))
    assert of_ada(stay(0, 60), time=overran).status == "present"
    assert of_ada(stay(62, 80), time=overran).status == "absent"


def test_a_class_that_was_ended_early_ends_then() -> None:
    assert time_of(ended_at=at(40), **plan(0, 60)).ends_at == at(40)


def test_a_class_that_started_early_begins_at_its_planned_start() -> None:
    early = time_of(**plan(10, 70))
    assert early.starts_at == at(10)
    assert figures(of_ada(stay(10, 60), time=early)) == ("present", 50, 0, 0, 0)


def test_a_class_that_started_late_begins_then() -> None:
    assert time_of(**plan(-10, 50)).starts_at == at(0)


def test_a_plan_that_does_not_overlap_with_the_class_is_ignored() -> None:
    for planned in (plan(60, 120), plan(-120, -60), plan(600, 660)):
        time = time_of(**planned)
        assert (time.starts_at, time.ends_at) == (at(0), at(60))


def test_the_plan_before_the_start_wins_over_the_times_that_the_cloud_tells_later() -> None:
    time = time_of(ended_at=at(80), planned_start_at=at(0), planned_end_at=at(80), **plan(-5, 55))
    assert (time.starts_at, time.ends_at) == (at(0), at(55))


def test_a_class_without_a_known_start_makes_nobody_late() -> None:
    row = of_ada(stay(30, 60), time=time_of(started_at=None))
    assert (row.status, row.late, row.share) == ("present", None, None)


def test_a_start_after_the_end_is_ignored() -> None:
    assert of_ada(stay(0, 60), time=time_of(started_at=at(90))).status == "present"


def test_a_class_without_a_known_end_ends_with_its_last_event() -> None:
    assert time_of(ended_at=None, closed_at=at(50)).ends_at == at(50)
    assert time_of(ended_at=None, last_event_at=at(45)).ends_at == at(45)


# --- while the class runs --------------------------------------------------------------------------------


def test_who_is_there_has_not_left_early_and_counts_until_now() -> None:
    row = of_ada(stay(0), time=live(20, **plan(0, 60)))
    assert figures(row) == ("present", 20, 0, 0, 0)
    assert (row.share, row.last_out, row.here) == (1, None, True)


def test_who_left_a_live_class_left_before_its_planned_end() -> None:
    assert figures(of_ada(stay(0, 20), time=live(30, **plan(0, 60)))) == ("left_early", 20, 0, 40, 0)
    assert figures(of_ada(stay(0, 20), time=live(30))) == ("present", 20, 0, None, 0)


def test_a_live_class_that_overruns_counts_until_its_planned_end() -> None:
    row = of_ada(stay(0), time=live(70, **plan(0, 60)))
    assert figures(row) == ("present", 60, 0, 0, 0)


def test_who_is_there_at_the_very_start_is_present() -> None:
    assert figures(of_ada(stay(-5), time=live(0))) == ("present", 0, 0, 0, 0)


def test_before_a_class_begins_nobody_has_a_status() -> None:
    for time in (
        class_time(Klass(current_state=0, started_at=None, ended_at=None), now=at(-5)),
        live(5, **plan(10, 70)),
    ):
        row = of_ada(stay(-10), time=time)
        assert (row.status, row.share, row.here) == (None, None, True)


def test_while_a_class_runs_the_people_in_the_room_are_not_missing() -> None:
    ada, ben, time = Someone("1", "Ada", online=True), Someone("2", "Ben"), live(70, **plan(0, 60))
    stays = {"1": [stay(65)], "2": [stay(61, 62)]}
    found = attendance([Listed(name="Ada"), Listed(name="Ben")], [ada, ben], stays, time, FIVE_MINUTES)
    assert (found.here, [row.name for row in found.absent]) == (1, ["Ben"])


# --- who is who ------------------------------------------------------------------------------------------


def compared(listed: list[Listed], people: list[Someone], **stays: list[Stay]) -> Attendance:
    return attendance(listed, people, stays, time_of(), FIVE_MINUTES)


def test_a_guest_entry_of_a_listed_person_makes_them_neither_late_nor_a_stranger() -> None:
    people = [Someone("u1", "Ada"), Someone("guest", "ada")]
    found = compared([Listed(name="Ada", user_uuid="u1")], people, guest=[stay(0, 30)], u1=[stay(30, 60)])
    (row,) = found.rows
    assert figures(row) == ("present", 60, 0, 0, 1)
    assert (found.late, found.left_early, found.unlisted) == ([], [], [])


def test_two_tabs_under_two_ids_count_once() -> None:
    found = compared([Listed(name="Ada")], [Someone("a"), Someone("b")], a=[stay(0, 40)], b=[stay(10, 60)])
    assert figures(found.rows[0]) == ("present", 60, 0, 0, 0)


def test_namesakes_get_one_participant_each() -> None:
    people = [Someone("g1", "Tom", entered_at=at(1)), Someone("g2", "Tom", entered_at=at(30))]
    listed = [Listed(name="Tom", group="a"), Listed(name="tom", group="b")]
    for order in permutations(people):
        found = compared(listed, list(order), g1=[stay(1, 60)], g2=[stay(30, 60)])
        assert [[one.user_uuid for one in row.match.people] for row in found.rows] == [["g1"], ["g2"]]
        assert [row.status for row in found.rows] == ["present", "late"]


def test_attendance_lists_absent_late_early_and_unlisted_people() -> None:
    listed = [Listed(name=name) for name in ("In Time", "Late One", "Gone", "Missing", "Partly")]
    people = [
        Someone("1", "In Time"),
        Someone("2", "Late One"),
        Someone("3", "Gone"),
        Someone("4", "Partly"),
        Someone("5", "Stranger"),
        Someone("6", "The Teacher", role="teacher"),
        Someone("7", "Named in passing"),
    ]
    stays = {
        "1": [stay(4.9, 60)],
        "2": [stay(12, 60)],
        "3": [stay(0, 30)],
        "4": [stay(0, 9), stay(50, 60)],
        "5": [stay(1, 60)],
        "6": [stay(0, 60)],
    }
    found = attendance(listed, people, stays, time_of(), FIVE_MINUTES)
    assert (found.total, found.here) == (5, 4)
    for kind, names in {
        "absent": ["Missing"],
        "late": ["Late One"],
        "left_early": ["Gone"],
        "partly": ["Partly"],
        "by_name": ["In Time", "Late One", "Gone", "Partly"],
    }.items():
        assert [row.name for row in getattr(found, kind)] == names, kind
    assert [one.name for one in found.unlisted] == ["Stranger"]


def test_without_a_list_all_students_who_were_there_have_a_row() -> None:
    people = [Someone("1", "Ada"), Someone("2", "Ben", role="unknown"), Someone("3", "Tea", role="teacher")]
    people.append(Someone("4", "Named in passing"))
    stays = {"1": [stay(0, 60)], "2": [stay(-9, -8)], "3": [stay(0, 60)]}
    found = attendance(None, people, stays, time_of(), FIVE_MINUTES)
    assert [(row.name, row.status) for row in found.rows] == [("Ada", "present"), ("Ben", "absent")]
    assert found.unlisted == []
