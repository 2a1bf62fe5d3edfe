"""The report about teaching."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from classroom_admin.audit.record import done
from classroom_admin.common import clock
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.models import ClassList, Room, RoomState, RoomTeacher
from tests.school import School, make_room

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 9, 7, 10, tzinfo=UTC)
ADDRESS = "/reports/teaching/?since=2026-09-01&until=2026-09-30"


def over(name: str, starts_at: datetime, statuses: str = "ppa", **columns: Any) -> ClassSummary:
    """Make a class of an hour that is over. Each letter is a student: present or absent."""
    room = make_room(name, state=RoomState.CLOSED)
    summary = ClassSummary.objects.create(
        room=room, made_at=clock.now(), room_version=1, late_s=300, early_s=300, starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1), students=len(statuses), **columns,
    )  # fmt: skip
    PersonSummary.objects.bulk_create(
        PersonSummary(
            summary=summary, room=room, person_key=f"id:{number}", name=f"Student {number}",
            status="present" if letter == "p" else "absent",
        )
        for number, letter in enumerate(statuses)
    )  # fmt: skip
    return summary


def table(school: School, address: str, *, who: Any = None) -> dict[str, list[Any]]:
    """Return the figures of each row: classes, hours, attendance, recorded, interventions, alerts."""
    answer = school.signed_in(who or school.administrator).get(address)
    assert answer.status_code == 200
    return {
        row.name: [
            row.figures.attendance.classes,
            row.figures.length_ms / 3_600_000,
            row.figures.attendance.figures.rate,
            row.figures.coverage,
            row.figures.interventions,
            len(row.figures.alerts),
        ]
        for row in answer.context["rows"]
    }


def test_figures_by_teacher_list_and_weekday(school: School) -> None:
    latin = ClassList.objects.create(name="Latin")
    minute = 60_000
    first = over("Latin 1", MONDAY, "pppa", class_list=latin, recorded_ms=30 * minute)
    over("Latin 2", MONDAY + timedelta(days=1), "pa", class_list=latin, alerts=[["hand", 0, minute, None]])
    over("Art", MONDAY + timedelta(days=7), "pp", recorded_ms=90 * minute)
    for room in Room.objects.filter(name__startswith="Latin"):
        RoomTeacher.objects.create(room=room, user=school.other_teacher)
    done(actor=school.administrator, action="participant.remove", room_uuid=first.room.room_uuid)
    done(actor=school.administrator, action="class.start", room_uuid=first.room.room_uuid)
    latin_figures = [2, 2.0, 4 / 6, 0.25, 1, 1]
    art_figures = [1, 1.0, 1.0, 1.0, 0, 0]
    assert table(school, f"{ADDRESS}&by=teacher") == {
        str(school.other_teacher): latin_figures,
        "No teacher with an account": art_figures,
    }
    assert table(school, f"{ADDRESS}&by=list") == {
        "Latin": latin_figures,
        "Without a class list": art_figures,
    }
    assert table(school, f"{ADDRESS}&by=weekday") == {
        "Monday": [2, 2.0, 5 / 6, 0.75, 1, 0],
        "Tuesday": [1, 1.0, 0.5, 0.0, 0, 1],
    }


def test_alerts_with_the_time_until_they_were_acknowledged(school: School) -> None:
    over("A", MONDAY, alerts=[["no_teacher", 0, 90_000, 30_000], ["hand", 5, 9, None]])
    over("B", MONDAY, alerts=[["no_teacher", 0, 90_000, 90_000], ["no_teacher", 100_000, 200_000, None]])
    answer = school.signed_in(school.administrator).get(ADDRESS)
    found = {one.kind: (one.count, one.acknowledged, one.wait_ms) for _words, one in answer.context["alerts"]}
    assert found == {"no_teacher": (3, 2, 60_000), "hand": (1, 0, None)}
    assert b"1 min 00 s" in answer.content


def test_teachers_see_their_own_classes_and_compare_no_teachers(school: School) -> None:
    over("Foreign", MONDAY)
    own = over("Own", MONDAY)
    RoomTeacher.objects.create(room=own.room, user=school.teacher)
    answer = school.signed_in(school.teacher).get(f"{ADDRESS}&by=teacher")
    assert answer.context["total"].attendance.classes == 1
    assert answer.context["by"] == "list"
    assert b"By teacher" not in answer.content


def test_the_number_of_queries_does_not_grow_with_the_classes(
    school: School, django_assert_max_num_queries: Any
) -> None:
    client = school.signed_in(school.administrator)
    client.get(ADDRESS)
    for number in range(40):
        summary = over(f"Class {number}", MONDAY + timedelta(days=number % 20))
        RoomTeacher.objects.create(room=summary.room, user=school.teacher)
    for by in ("teacher", "list", "weekday"):
        with django_assert_max_num_queries(22):
            assert client.get(f"{ADDRESS}&by={by}").status_code == 200


def test_a_period_without_classes_says_so(school: School) -> None:
    assert b"No class that is over matches" in school.signed_in(school.administrator).get(ADDRESS).content


def test_the_file_has_a_row_for_each_class(school: School) -> None:
    summary = over(
        "Latin", MONDAY, "ppa", recorded_ms=1_800_000, alerts=[["hand", 0, 9, 5], ["hand", 9, 19, None]]
    )
    answer = school.signed_in(school.administrator).get(f"{ADDRESS}&format=csv")
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert row == {
        "class_key": summary.room.key, "class": "Latin", "class_starts_at": "2026-09-07T10:00:00Z",
        "class_ends_at": "2026-09-07T11:00:00Z", "students_expected": "3", "students_attended": "2",
        "minutes_recorded": "30.0", "interventions": "0", "alerts": "2", "alerts_acknowledged": "1",
        "events_complete": "yes",
    }  # fmt: skip
