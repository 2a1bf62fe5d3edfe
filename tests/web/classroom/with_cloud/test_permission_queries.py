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
from tests.actions.conftest import School

HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
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


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("when", ["now", "60"])
def test_removing_a_person_asks_for_the_permission_once(
    teacher: Client, school: School, when: str, headers: dict[str, Any]
) -> None:
    address = reverse("live:remove", args=[school.room.key, school.pupil.pk])
    with CaptureQueriesContext(connection) as captured:
        response = teacher.post(address, {"when": when, "span": "600"}, **headers)
    assert response.status_code in (200, 302)
    if when == "now":
        entry = Entry.objects.get(action="participant.remove")
        assert Step.Kind.ACCEPTED in entry.steps.values_list("kind", flat=True)
    else:
        assert ScheduledCommand.objects.filter(kind=ScheduledCommand.Kind.REMOVAL).exists()
    assert len(permission_queries(captured)) == 1
