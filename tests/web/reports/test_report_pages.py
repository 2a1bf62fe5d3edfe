"""The reports about one student, one class list and one class, and the overview."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.rooms.models import Participant
from classroom_admin.web.reports.class_report import changes_of
from tests.school import School
from tests.web.reports.classes_over import HOUR, MONDAY, class_over, person
from tests.web.reports.conftest import Term

pytestmark = pytest.mark.django_db


def get(school: School, name: str, *args: Any, who: User | None = None) -> Any:
    answer = school.signed_in(who or school.administrator).get(reverse(f"reports:{name}", args=args))
    assert answer.status_code == 200
    return answer


def test_student_has_all_visible_classes(school: School, term: Term) -> None:
    ada = person(term.first, "Ada")
    names = [str(row.room) for row in get(school, "student", ada.pk).context["page"]]
    assert names == ["Latin 2", "Art", "Latin 1"]
    own = get(school, "student", ada.pk, who=school.teacher)
    assert [str(row.room) for row in own.context["page"]] == ["Latin 2", "Latin 1"]
    assert own.context["figures"].left_early == 1
    words = own.content.decode()
    assert "Missing events" in words
    participant = Participant.objects.get(pk=own.context["participant"])
    assert reverse("live:student", args=[participant.pk]) in words
    timeline = school.signed_in(school.teacher).get(reverse("live:student", args=[participant.pk]))
    assert timeline.context["attendance"] in {row.pk for row in own.context["page"]}


def test_student_listed_by_name_has_classes_with_the_same_user_id(school: School, term: Term) -> None:
    class_over("Music", MONDAY + timedelta(days=2), {"Cleo": HOUR}, teacher=school.teacher)
    cleo = get(school, "student", person(term.first, "Cleo").pk)
    assert [str(row.room) for row in cleo.context["page"]] == ["Latin 2", "Music", "Latin 1"]


def test_guest_is_marked_as_not_on_the_list_and_not_counted(school: School, term: Term) -> None:
    guest = get(school, "student", person(term.second, "Guest").pk)
    assert "Not on the list" in guest.content.decode()
    assert guest.context["figures"].counted == 0


def test_student_of_foreign_classes_is_not_found(school: School, term: Term) -> None:
    foreign = person(term.foreign, "Zoë")
    client = school.signed_in(school.teacher)
    assert client.get(reverse("reports:student", args=[foreign.pk])).status_code == 404
    teacher = person(term.first, "Teacher Ana")
    assert client.get(reverse("reports:student", args=[teacher.pk])).status_code == 404


def test_list_shows_students_and_classes(school: School, term: Term) -> None:
    answer = get(school, "list", term.class_list.key)
    assert [str(head.room) for head in answer.context["heads"]] == ["Latin 2", "Latin 1"]
    assert {line.student.name: line.statuses for line in answer.context["lines"]} == {
        "Ada": ["left_early", "present"],
        "Ben": ["present", "late"],
        "Cleo": ["present", "absent"],
    }
    for words in ('<span class="sr-only">left early</span>', "83%", "1 of 2 classes has missing events"):
        assert words in answer.content.decode()


def test_list_has_pages_of_20_classes(school: School, term: Term, django_assert_max_num_queries: Any) -> None:
    for day in range(20):
        class_over(
            f"Latin {day + 3}", MONDAY + timedelta(days=20 + day), {"Ada": HOUR}, class_list=term.class_list
        )
    client = school.signed_in(school.administrator)
    where = reverse("reports:list", args=[term.class_list.key])
    with django_assert_max_num_queries(12):
        newest = client.get(where)
    assert len(newest.context["heads"]) == 20
    assert newest.context["total"].classes == 22
    assert [str(head.room) for head in client.get(f"{where}?page=2").context["heads"]] == [
        "Latin 2",
        "Latin 1",
    ]


def test_class_shows_evidence_and_everyone(school: School, term: Term) -> None:
    page = get(school, "class", term.first.room.key).content.decode()
    assert "Complete: 2 events, no gaps" in page
    assert "Teachers, assistants and observers" in page
    assert "12 min" in page
    gap = get(school, "class", term.second.room.key)
    words = gap.content.decode()
    assert "Events are missing in 1 period." in words
    assert "Students who joined at the start may count as late or absent." in words
    assert [(part.name, [str(one) for one in part.people]) for part in gap.context["parts"]] == [
        ("listed", ["Ada", "Ben", "Cleo"]),
        ("unlisted", ["Guest"]),
    ]


def test_what_a_gap_can_change() -> None:
    def words(first: float | None, last: float | None) -> str:
        start, stop = (None if at is None else MONDAY + timedelta(minutes=at) for at in (first, last))
        ends_at = MONDAY + timedelta(minutes=60)
        return " ".join(changes_of(start, stop, starts_at=MONDAY, ends_at=ends_at))

    assert words(61, 62) == "The gap is after the end of the class, so it does not affect attendance."
    assert words(-9, -1).startswith("The gap is before the start of the class.")
    assert "at the start" not in words(10, 20)
    assert "until the end" not in words(10, 20)
    assert "at the start" in words(None, 20)
    assert "until the end" in words(10, None)
    assert "reconnects" in words(10, 20)


def test_class_that_runs_has_no_report_yet(school: School) -> None:
    page = get(school, "class", school.room.key).content.decode()
    assert "This class is not over." in page
    assert reverse("live:class", args=[school.room.key]) in page


def test_query_count_of_a_class_does_not_grow_with_people(
    school: School, django_assert_max_num_queries: Any
) -> None:
    stays = {f"Student {number}": HOUR for number in range(60)}
    made = class_over("Big", MONDAY, stays, teacher=school.teacher)
    client = school.signed_in(school.teacher)
    with django_assert_max_num_queries(19):
        answer = client.get(reverse("reports:class", args=[made.room.key]))
    assert len(answer.context["parts"][0].people) == 60


def test_overview_says_that_no_class_is_over_yet(school: School) -> None:
    assert "No class is over yet." in get(school, "overview").content.decode()


def test_overview_leads_to_reports_and_classes(school: School, term: Term) -> None:
    page = get(school, "overview", who=school.teacher).content.decode()
    assert reverse("reports:attendance") in page
    assert reverse("reports:class", args=[term.second.room.key]) in page
    assert reverse("reports:class", args=[term.foreign.room.key]) not in page


def test_pages_lead_to_the_report(school: School, term: Term) -> None:
    client = school.signed_in(school.administrator)
    room, listed = term.first.room, term.class_list
    pages = {
        reverse("live:class", args=[room.key]): reverse("reports:class", args=[room.key]),
        reverse("lists:list", args=[listed.key]): reverse("reports:list", args=[listed.key]),
        reverse("people:person", args=[school.teacher.pk]): (
            f"{reverse('reports:attendance')}?teacher={school.teacher.pk}"
        ),
    }
    for where, link in pages.items():
        assert link in client.get(where).content.decode()
