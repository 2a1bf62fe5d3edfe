"""The minutes after which people on a class list count as late or as leaving early."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from classroom_admin.reports import summaries
from classroom_admin.rooms.models import ClassList, Room
from tests.school import School
from tests.web.reports.classes_over import MONDAY, class_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed(school: School) -> ClassList:
    return ClassList.objects.create(name="7b", owner=school.teacher)


def test_thresholds_of_a_list_replace_those_of_the_school(school: School, listed: ClassList) -> None:
    listed.people.create(name="Ada")
    made = class_over("Latin", MONDAY, {"Ada": (7, 60)}, class_list=listed)
    assert made.people.get().status == "late"
    client = school.signed_in(school.teacher)
    page = client.get(reverse("lists:list", args=[listed.key])).content.decode()
    assert f'placeholder="school: {settings.LATE_AFTER_MINUTES:g}"' in page
    answer = client.post(
        reverse("lists:thresholds", args=[listed.key]), {"late_after_minutes": "10", "left_early_minutes": ""}
    )
    assert answer["Location"] == reverse("lists:list", args=[listed.key])
    listed.refresh_from_db()
    assert (listed.late_after_minutes, listed.left_early_minutes) == (10, None)
    room = Room.objects.get(pk=made.room_id)
    assert summaries.current(room).people.get().status == "present"
    assert "The attendance of earlier classes is counted again." in client.get("/lists/").content.decode()


@pytest.mark.parametrize("minutes", ["-1", "1441", "nan", "inf", "soon", "9" * 400])
def test_impossible_minutes_are_refused(school: School, listed: ClassList, minutes: str) -> None:
    answer = school.signed_in(school.teacher).post(
        reverse("lists:thresholds", args=[listed.key]), {"late_after_minutes": minutes}
    )
    assert answer.status_code == 422
    listed.refresh_from_db()
    assert listed.late_after_minutes is None
