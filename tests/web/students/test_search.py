"""The search in all classes: what each person finds, also people who left, in few queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.common import clock
from classroom_admin.rooms.models import Participant, Role, Substitution
from tests.school import HTMX, School, make_person, make_room
from tests.web.students.conftest import attend

pytestmark = pytest.mark.usefixtures("ada", "foreign")


def results(client: Client, q: str, *, htmx: bool = False, **query: Any) -> list[str]:
    """Return the addresses of the results, in the order of the page."""
    answer = client.get(reverse("live:search"), {"q": q, **query}, **(HTMX if htmx else {}))
    assert answer.status_code == 200
    html = answer.content.decode()
    return re.findall(r'<li>\s*<a href="([^"]+)"', html)


def of(person: Participant) -> str:
    return reverse("live:student", args=[person.pk])


@pytest.mark.parametrize("htmx", [True, False])
def test_student_who_left_is_found_without_accents_and_case(
    school: School, ada: Participant, htmx: bool
) -> None:
    teacher = school.signed_in(school.teacher)
    for words in ("ada", "LOVELÁCE ad"):
        assert results(teacher, words, htmx=htmx) == [of(ada)]


def test_student_of_several_classes_is_found_once_where_she_is_now(
    admin: Client, ada: Participant, foreign: Participant
) -> None:
    assert results(admin, "ada love") == [of(foreign)]
    Participant.objects.filter(pk=foreign.pk).update(online=False)
    Participant.objects.filter(pk=ada.pk).update(online=True)
    assert results(admin, "ada love") == [of(ada)]


def test_teacher_finds_only_own_classes_and_the_people_in_them(
    school: School, ada: Participant, stranger: User
) -> None:
    other = make_room("Unseen geometry")
    attend(other, "cloud-unseen", name="Unseen student")
    attend(other, "cloud-t", name="Unseen teacher", role=Role.TEACHER, was_teacher=True)
    teacher = school.signed_in(school.teacher)
    assert results(teacher, "unseen") == []
    assert results(teacher, "foreign") == []
    assert results(teacher, "algebra") == [reverse("live:class", args=[school.room.key])]
    assert len(results(school.signed_in(school.administrator), "unseen")) == 3
    assert results(school.signed_in(stranger), "ada") == []


def test_class_is_found_by_its_teacher_and_teacher_by_name(school: School) -> None:
    ana = Participant.objects.get(name="Ana Torres")
    teacher = school.signed_in(school.teacher)
    assert results(teacher, "torres") == [of(ana), reverse("live:class", args=[school.room.key])]


def test_only_administrators_find_accounts_and_each_teacher_once(school: School, admin: Client) -> None:
    CloudIdentity.objects.create(user=school.teacher, user_uuid="ana")
    assert results(admin, "ana") == [
        reverse("people:person", args=[school.teacher.pk]),
        reverse("live:class", args=[school.room.key]),
    ]
    assert not any("/people/" in one for one in results(school.signed_in(school.teacher), "ana"))


@pytest.mark.parametrize("role", [Role.SERVER, Role.INVISIBLE])
def test_invisible_participants_are_not_found(school: School, admin: Client, role: Role) -> None:
    hidden = make_person(school.room, 9, name="Recorder", role=role)
    assert results(admin, "recorder") == []
    assert admin.get(of(hidden)).status_code == 404


def test_nothing_is_found_without_words_and_the_page_says_if_nothing_matches(admin: Client) -> None:
    assert results(admin, "") == results(admin, " \x00", htmx=True) == []
    for headers in ({}, HTMX):
        html = admin.get(reverse("live:search"), {"q": "xyzxyz"}, **headers).content.decode()
        assert "No matching classes or people." in html


def test_results_have_pages(admin: Client, school: School) -> None:
    for number in range(60):
        make_person(school.room, number, name=f"Paged {number:02}", user_uuid=f"paged-{number}")
    assert len(results(admin, "paged", htmx=True)) == 5
    assert len(results(admin, "paged")) == 10
    first = results(admin, "paged", **{"in": "students"})
    second = results(admin, "paged", **{"in": "students", "page": 2})
    assert (len(first), len(second), len({*first, *second})) == (50, 10, 60)
    assert results(admin, "paged", **{"in": "students", "page": 999_999}) == []


def test_number_of_queries_does_not_grow(school: School, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        room = make_room(f"Many {number}", started_at=clock.now() - timedelta(days=number))
        make_person(room, number, name=f"Many {number}", user_uuid=f"many-{number}")
        make_person(room, 100 + number, name="Many", user_uuid=f"t{number}", was_teacher=True)
    client = school.signed_in(school.administrator)
    results(client, "many")
    with django_assert_max_num_queries(12):
        assert len(results(client, "many")) == 30


def test_substitute_finds_students_only_in_the_period(
    school: School, ada: Participant, stranger: User
) -> None:
    period = Substitution.objects.create(
        room=school.room,
        teacher=stranger,
        made_by=school.administrator,
        starts_at=clock.now() - timedelta(hours=1),
        ends_at=clock.now() + timedelta(hours=1),
    )
    substitute = school.signed_in(stranger)
    assert results(substitute, "ada") == [of(ada)]
    assert substitute.get(of(ada)).status_code == 200
    Substitution.objects.filter(pk=period.pk).update(ends_at=clock.now() - timedelta(minutes=1))
    assert results(substitute, "ada") == []
    assert substitute.get(of(ada)).status_code == 404
