"""Fixtures of the tests of reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from classroom_admin.reports.models import ClassSummary
from classroom_admin.rooms.models import ClassList
from tests.school import School
from tests.web.reports.classes_over import HOUR, MONDAY, class_over


@dataclass(frozen=True)
class Term:
    """Three classes that are over. The first two have the list 7b and the teacher, the last one has no list.

    On the list are Ada, Ben and Cleo. Events are missing in the second class.
    """

    class_list: ClassList
    first: ClassSummary
    second: ClassSummary
    foreign: ClassSummary


@pytest.fixture
def term(school: School) -> Term:
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    for name in ("Ada", "Ben", "Cleo"):
        listed.people.create(name=name, user_uuid=name.lower() if name != "Cleo" else "", group="red")
    own = {"teacher": school.teacher, "class_list": listed}
    return Term(
        class_list=listed,
        first=class_over("Latin 1", MONDAY, {"Teacher Ana": HOUR, "Ada": HOUR, "Ben": (12, 60)}, **own),
        second=class_over(
            "Latin 2", MONDAY + timedelta(days=7), {"Ada": (0, 40), "Ben": HOUR, "Cleo": HOUR, "Guest": HOUR},
            has_gap=True, **own,
        ),
        foreign=class_over(
            "Art", MONDAY + timedelta(days=1), {"Ada": HOUR, "Zoë": HOUR}, teacher=school.other_teacher
        ),
    )  # fmt: skip
