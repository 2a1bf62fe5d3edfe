"""Access to every address of the reports. Add new addresses here, or to OWN_TESTS."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, reverse

from classroom_admin.web.reports.urls import urlpatterns
from tests.school import School
from tests.web.reports.classes_over import person
from tests.web.reports.conftest import Term

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = (
    "overview", "attendance", "teaching", "exports", "participation", "questions", "question_students",
    "question_weeks",
)  # fmt: skip
"""Open to everybody who is signed in. Teachers see only their own classes."""
OF_A_CLASS = ("class", "correct", "student", "class_participation")
OF_A_LIST = ("list",)
OWN_TESTS = {
    "new_export": "test_exports.py",
    "export_row": "test_exports.py",
    "cancel_export": "test_exports.py",
    "export_file": "test_exports.py",
    "incident": "test_incident.py",
}
"""Addresses whose access is tested in another file."""


def address(name: str, term: Term) -> str:
    ada = person(term.first, "Ada")
    arguments = {
        "class": [term.first.room.key],
        "class_participation": [term.first.room.key],
        "correct": [term.first.room.key, ada.pk],
        "student": [person(term.first, "Ben").pk],
        "list": [term.class_list.key],
    }
    return reverse(f"reports:{name}", args=arguments.get(name, []))


def test_every_address_is_in_the_access_table() -> None:
    known = {*OPEN_TO_ALL, *OF_A_CLASS, *OF_A_LIST, *OWN_TESTS}
    own = [pattern for pattern in urlpatterns if isinstance(pattern, URLPattern)]
    assert {pattern.name for pattern in own} == known


@pytest.mark.parametrize("who", ["administrator", "teacher", "other_teacher", "nobody"])
@pytest.mark.parametrize("name", [*OPEN_TO_ALL, *OF_A_CLASS, *OF_A_LIST])
def test_access_to_pages(school: School, term: Term, name: str, who: str) -> None:
    answer = school.signed_in(getattr(school, who, None)).get(address(name, term))
    if who == "nobody":
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    elif who == "other_teacher" and name not in OPEN_TO_ALL:
        assert answer.status_code == 404
    else:
        assert answer.status_code == 200
