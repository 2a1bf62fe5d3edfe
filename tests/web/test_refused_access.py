"""Attempts to open what a person may not see are recorded, but can't flood the audit log."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from classroom_admin.audit.models import Entry
from tests.school import School

REFUSED = "access.refused"


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> None:
    cache.clear()


def entries() -> list[Entry]:
    return list(Entry.objects.filter(action=REFUSED).order_by("id"))


def signed_in(school: School) -> Client:
    client = Client(headers={"User-Agent": "Browser 9"})
    client.force_login(school.other_teacher)
    return client


def test_class_of_another_teacher_is_recorded(school: School):
    answer = signed_in(school).get(f"/classes/{school.room.key}/")
    assert answer.status_code == 404
    (entry,) = entries()
    assert (entry.actor, entry.room_uuid, entry.target_name) == (
        school.other_teacher,
        school.room.room_uuid,
        school.room.name,
    )
    assert entry.params == {"page": "live:class", "method": "GET"}
    assert (entry.address, entry.agent, entry.request_id) == (
        "127.0.0.1",
        "Browser 9",
        answer["X-Request-ID"],
    )
    assert entry.steps.get().kind == "failed"


def test_page_that_the_role_does_not_permit_is_recorded(school: School):
    assert signed_in(school).post("/settings/test/").status_code == 404
    (entry,) = entries()
    assert entry.params == {"page": "settings:test", "method": "POST"}


def test_repeated_attempts_are_recorded_once_a_minute_for_each_person_and_page(school: School):
    client = signed_in(school)
    for _ in range(5):
        client.get(f"/classes/{school.room.key}/")
        client.get("/settings/audit/")
    assert [entry.params["page"] for entry in entries()] == ["live:class", "settings:audit"]


def test_addresses_of_nothing_are_not_recorded(school: School):
    client = signed_in(school)
    for path in ("/classes/nothing/", "/nothing/", "/lists/nothing/"):
        assert client.get(path).status_code == 404
    assert entries() == []


def test_visitors_and_permitted_people_are_not_recorded(school: School):
    Client().get(f"/classes/{school.room.key}/")
    client = Client()
    client.force_login(school.administrator)
    assert client.get(f"/classes/{school.room.key}/").status_code == 200
    assert client.get("/settings/audit/").status_code == 200
    assert entries() == []
