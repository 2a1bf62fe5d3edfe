"""The attendance of many classes: totals, kinds of rows, search, order and evidence."""

from __future__ import annotations

from typing import Any

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.reports import corrections
from classroom_admin.reports.models import ClassSummary, PersonSummary
from classroom_admin.rooms.access import access_to
from classroom_admin.rooms.models import Room
from tests.school import School
from tests.web.reports.classes_over import MONDAY, SEPTEMBER, person
from tests.web.reports.conftest import Term

pytestmark = pytest.mark.django_db
ADDRESS = f"/reports/attendance/?{SEPTEMBER}"


def shown(school: School, query: str = "", *, who: User | None = None) -> Any:
    answer = school.signed_in(who or school.administrator).get(f"{ADDRESS}{query}")
    assert answer.status_code == 200
    return answer


def rows(answer: Any) -> dict[str, tuple[int, ...]]:
    """Return attended, expected, late, left early and absent of each row, in the order of the page."""
    return {
        row.name: (
            row.figures.attended,
            row.figures.expected,
            row.figures.late,
            row.figures.left_early,
            row.figures.absent,
        )
        for row in answer.context["page"]
    }


def test_rows_by_student_class_list_and_teacher(school: School, term: Term) -> None:
    assert rows(shown(school)) == {
        "Ada": (3, 3, 0, 1, 0),
        "Ben": (2, 2, 1, 0, 0),
        "Cleo": (1, 2, 0, 0, 1),
        "Zoë": (1, 1, 0, 0, 0),
    }
    assert rows(shown(school, "&by=class")) == {
        "Latin 2": (3, 3, 0, 1, 0),
        "Art": (2, 2, 0, 0, 0),
        "Latin 1": (2, 3, 1, 0, 1),
    }
    latin, art = (5, 6, 1, 1, 1), (2, 2, 0, 0, 0)
    assert rows(shown(school, "&by=list")) == {"7b": latin, "Without a class list": art}
    assert rows(shown(school, "&by=teacher")) == {"Ana": latin, "Ben": art}


def test_totals_and_weeks(school: School, term: Term) -> None:
    answer = shown(school)
    total = answer.context["total"]
    assert (total.classes, total.incomplete, total.figures.counted) == (3, 1, 8)
    assert [point.label for point in answer.context["trend"].points] == ["7 Sep", "14 Sep"]
    assert "7 of 8 attended" in answer.content.decode()
    assert "88%" in answer.content.decode()


def test_teacher_sees_own_classes_only(school: School, term: Term) -> None:
    assert rows(shown(school, who=school.teacher))["Ada"] == (2, 2, 0, 1, 0)
    assert "Zoë" not in rows(shown(school, who=school.teacher))
    assert list(rows(shown(school, who=school.other_teacher))) == ["Ada", "Zoë"]
    # teachers can not compare teachers, and can not choose one
    by_teacher = shown(school, f"&by=teacher&teacher={school.other_teacher.pk}", who=school.teacher)
    assert by_teacher.context["kind"] == "student"
    assert "Zoë" not in rows(by_teacher)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["Ada", "Ben", "Cleo", "Zoë"]),
        ("-name", ["Zoë", "Cleo", "Ben", "Ada"]),
        ("rate", ["Cleo", "Ada", "Ben", "Zoë"]),
        ("-late", ["Ben", "Ada", "Cleo", "Zoë"]),
        ("-left_early", ["Ada", "Ben", "Cleo", "Zoë"]),
        ("nonsense", ["Ada", "Ben", "Cleo", "Zoë"]),
    ],
)
def test_rows_are_sorted_by_links(school: School, term: Term, sort: str, names: list[str]) -> None:
    assert list(rows(shown(school, f"&sort={sort}"))) == names


def test_search_finds_names_without_accents(school: School, term: Term) -> None:
    assert list(rows(shown(school, "&name=zoe"))) == ["Zoë"]
    nothing = shown(school, "&name=nobody")
    assert "No matching rows" in nothing.content.decode()


def test_classes_with_missing_events_can_be_listed(school: School, term: Term) -> None:
    page = shown(school).content.decode()
    assert "1 of 3 classes has missing events" in page
    assert list(rows(shown(school, "&by=class&missing=1"))) == ["Latin 2"]
    complete = shown(school, "&q=Latin+1").content.decode()
    assert "Complete: no events are missing in 1 class." in complete


def test_class_that_is_not_counted_yet_is_mentioned(school: School, term: Term) -> None:
    assert "being counted" not in shown(school).content.decode()
    Room.objects.filter(pk=term.first.room_id).update(version=2)
    assert "1 class is being counted" in shown(school).content.decode()


def test_corrected_status_counts(school: School, term: Term) -> None:
    access = access_to(school.teacher, term.first.room)
    corrections.correct(access, person(term.first, "Cleo"), status="excused", note="Doctor")
    assert rows(shown(school))["Cleo"] == (1, 1, 0, 0, 0)
    assert shown(school).context["total"].figures.excused == 1
    corrections.withdraw(access, person(term.first, "Cleo"))
    assert rows(shown(school))["Cleo"] == (1, 2, 0, 0, 1)


def test_same_name_on_two_lists_is_two_students(school: School, term: Term) -> None:
    of_8a = ClassSummary.objects.get(pk=term.foreign.pk)
    PersonSummary.objects.filter(summary=of_8a, name="Zoë").update(person_key="name:cleo", name="Cleo")
    names = [row.name for row in shown(school).context["page"]]
    assert names == ["Ada", "Ben", "Cleo", "Cleo"]


def test_nothing_matches(school: School, term: Term) -> None:
    answer = school.signed_in(school.administrator).get(
        "/reports/attendance/?since=2020-01-01&until=2020-01-02"
    )
    assert "No class that is over matches these filters." in answer.content.decode()


@pytest.mark.parametrize("kind", ["student", "class", "list", "teacher"])
def test_query_count_does_not_grow(
    school: School, term: Term, kind: str, django_assert_max_num_queries: Any
) -> None:
    more(60)
    client = school.signed_in(school.administrator)
    with django_assert_max_num_queries(14):
        answer = client.get(f"{ADDRESS}&by={kind}")
    assert answer.status_code == 200
    assert answer.context["total"].classes == 63


def more(number: int) -> None:
    """Store the figures of more classes, each with two students of its own."""
    rooms = Room.objects.bulk_create(
        Room(room_uuid=f"more {n}", name=f"More {n}", state=3, version=1, started_at=MONDAY)
        for n in range(number)
    )
    made = ClassSummary.objects.bulk_create(
        ClassSummary(
            room=room,
            made_at=MONDAY,
            room_version=1,
            late_s=300,
            early_s=300,
            starts_at=MONDAY,
            ends_at=MONDAY,
        )
        for room in rooms
    )
    PersonSummary.objects.bulk_create(
        PersonSummary(summary=one, room=one.room, person_key=f"id:{n} {one.pk}", name=f"S {n}", status="late")
        for one in made
        for n in range(2)
    )
