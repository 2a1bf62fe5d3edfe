"""A request asks once whether the person may act on the class, whatever it does afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classroom_admin.actions.models import ScheduledCommand
from classroom_admin.audit.models import Entry, Step
from classroom_admin.rooms.models import Participant
from tests.actions.conftest import School
from tests.school import HTMX

# Every question about a teacher's own classes reads these two tables, once each, in one query.
TABLES = ("rooms_roomteacher", "accounts_cloudidentity")


def permission_queries(captured: CaptureQueriesContext) -> list[str]:
    """Return the queries that ask whether a class is one of the teacher's own."""
    asked = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in asked if all(table in sql for table in TABLES)]


@pytest.fixture
def teacher(school: School) -> Client:
    client = Client()
    client.force_login(school.teacher)
    return client


def asked_while(client: Client, address: str, sent: dict[str, str], headers: dict[str, Any]) -> int:
    """Return how often a request asks for the permission."""
    with CaptureQueriesContext(connection) as captured:
        response = client.post(address, sent, **headers)
    assert response.status_code in (200, 302)
    return len(permission_queries(captured))


@pytest.fixture(params=[{}, HTMX], ids=["plain", "htmx"])
def headers(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_removing_a_person_asks_for_the_permission_once(
    teacher: Client, school: School, headers: dict[str, Any]
) -> None:
    address = reverse("live:remove", args=[school.room.key, school.pupil.pk])
    assert asked_while(teacher, address, {"when": "now", "span": "600"}, headers) == 1
    entry = Entry.objects.get(action="participant.remove")
    assert Step.Kind.ACCEPTED in entry.steps.values_list("kind", flat=True)


def test_scheduling_and_cancelling_a_removal_ask_for_the_permission_once_each(
    teacher: Client, school: School, headers: dict[str, Any]
) -> None:
    address = reverse("live:remove", args=[school.room.key, school.pupil.pk])
    assert asked_while(teacher, address, {"when": "60", "span": "600"}, headers) == 1
    removal = ScheduledCommand.objects.get(kind=ScheduledCommand.Kind.REMOVAL)
    address = reverse("live:call_off", args=[school.room.key, removal.pk])
    assert asked_while(teacher, address, {}, headers) == 1
    removal.refresh_from_db()
    assert removal.state == ScheduledCommand.State.CANCELLED


def test_unbanning_a_person_asks_for_the_permission_once(
    teacher: Client, school: School, headers: dict[str, Any]
) -> None:
    Participant.objects.filter(pk=school.pupil.pk).update(online=False)
    address = reverse("live:let_back", args=[school.room.key, school.pupil.pk])
    assert asked_while(teacher, address, {}, headers) == 1
    assert Entry.objects.filter(action="participant.let_back").exists()


def test_ending_a_class_asks_for_the_permission_once(
    teacher: Client, school: School, headers: dict[str, Any]
) -> None:
    address = reverse("live:command", args=[school.room.key, "end"])
    assert asked_while(teacher, address, {}, headers) == 1
    assert Entry.objects.filter(action="class.end").exists()
