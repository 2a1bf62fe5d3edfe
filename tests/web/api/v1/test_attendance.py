"""Corrections of attendance through the API."""

from __future__ import annotations

import pytest

from classroom_admin.audit.models import Entry
from classroom_admin.rooms.models import ClassList
from tests.school import School
from tests.web.api.v1.client import api_of
from tests.web.reports.classes_over import HOUR, MONDAY, class_over, person

pytestmark = pytest.mark.django_db


def test_absence_is_excused_and_the_correction_withdrawn(school: School) -> None:
    listed = ClassList.objects.create(name="7b", owner=school.teacher)
    for name, user_id in (("Ada", "ada"), ("Cleo", "")):
        listed.people.create(name=name, user_uuid=user_id)
    over = class_over("Over", MONDAY, {"Ada": HOUR}, teacher=school.teacher, class_list=listed)
    api, where = api_of(school.teacher), f"/classes/{over.room.key}/attendance"
    cleo = {"list_name": "Cleo", "status": "excused", "note": "Doctor"}
    made = api.post(f"{where}/corrections", cleo).found
    assert (made["status"], made["measured"], made["note"]) == ("excused", "absent", "Doctor")
    row = next(one for one in api.get(where).found["rows"] if one["list_name"] == "Cleo")
    assert (row["status"], row["corrected"]["measured"]) == ("excused", "absent")
    assert Entry.objects.get(action="attendance.correct").params["note"] == "Doctor"
    assert api.post(f"{where}/corrections", {**cleo, "status": None}).status_code == 204
    assert api.post(f"{where}/corrections", {**cleo, "status": None}).status_code == 422
    ada = person(over, "Ada").user_uuid
    assert api.post(f"{where}/corrections", {"user_id": ada, "status": "late"}).found["status"] == "late"
    for wrong in (
        {"user_id": "nobody", "status": "late"},
        {"status": "late"},
        {"user_id": ada, "list_name": "Ada", "status": "late"},
        {"user_id": ada, "status": "asleep"},
    ):
        assert api.post(f"{where}/corrections", wrong).status_code == 422
    assert api_of(school.other_teacher).post(f"{where}/corrections", cleo).status_code == 404
