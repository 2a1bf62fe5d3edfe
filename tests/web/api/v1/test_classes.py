"""The API's classes, without a cloud: what people see, and what is refused."""

from __future__ import annotations

import pytest

from classroom_admin.accounts.models import User
from classroom_admin.simulator.testing import RunningSimulator
from tests.school import School
from tests.web.api.v1.client import Api, api_of


def test_list_of_classes_shows_only_what_the_person_may_see(school: School) -> None:
    mine = api_of(school.teacher).get("/classes").found
    assert [one["key"] for one in mine["items"]] == [school.room.key]
    assert mine["next_cursor"] is None
    assert api_of(school.other_teacher).get("/classes").found["items"] == []
    assert api_of(school.other_teacher).get(f"/classes/{school.room.key}").status_code == 404
    assert Api(None).get("/classes").status_code == 401
    print(mine)


@pytest.mark.django_db(transaction=True)
def test_a_class_is_created_now_and_ended(sim: RunningSimulator) -> None:
    teacher = User.objects.create_user("ana@school.test", "x", name="Ana")
    api = api_of(teacher)
    made = api.post("/classes", {"name": "Algebra"})
    assert made.status_code == 201, made.found
    print(made.found)
    ended = api.post(f"/classes/{made.found['key']}/end")
    print(ended.found)
    first = api.post("/classes", {"name": "Latin"}, Idempotency_Key="one")
    again = api.post("/classes", {"name": "Latin"}, Idempotency_Key="one")
    assert first.found == again.found
    other = api.post("/classes", {"name": "Greek"}, Idempotency_Key="one")
    assert other.status_code == 409
    far = api.post("/classes", {"name": "Latin", "starts_at": "2027-03-01T09:00:00Z"})
    print(far.found)
    api.get(f"/classes/{far.found['key']}")
    r = api.ask("PATCH", f"/classes/{far.found['key']}", {"name": "Latin 2", "minutes": 30})
    print(r.found)
    r = api.post(f"/classes/{far.found['key']}/cancel")
    print(r.status_code, r.found)
    r = api.post("/classes", {"name": "", "minutes": "x", "foo": 1})
    print(r.status_code, r.found)
