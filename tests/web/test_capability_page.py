"""The table of what the cloud project offers, and its button that tests a command again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.actions import capabilities
from classroom_admin.actions.models import Capability
from classroom_admin.audit.models import Entry
from tests.actions.conftest import School, school, sim, simulator  # noqa: F401
from tests.school import HTMX

pytestmark = pytest.mark.django_db(transaction=True)
STAGE = reverse("settings:test_capability", args=["stage"])


@pytest.fixture
def administrator(school: School) -> Client:  # noqa: F811
    client = Client()
    client.force_login(school.administrator)
    return client


def test_table_says_what_is_known_of_each_command(administrator: Client) -> None:
    capabilities.remember("stage", Capability.Offered.NO, said="404 not found")
    capabilities.remember("rewards", Capability.Offered.YES)
    html = administrator.get(reverse("settings:overview")).content.decode()
    assert html.count('<tr id="capability-') == len(capabilities.KINDS)
    row = html.partition('<tr id="capability-stage">')[2].partition("</tr>")[0]
    assert "Not offered" in row
    assert "404 not found" in row
    assert "Offered" in html.partition('<tr id="capability-rewards">')[2].partition("</tr>")[0]
    assert "Not tried yet" in html.partition('<tr id="capability-quiz">')[2].partition("</tr>")[0]


def test_testing_again_shows_the_new_row(administrator: Client) -> None:
    capabilities.remember("stage", Capability.Offered.NO)
    answer = administrator.post(STAGE, **HTMX)
    row = answer.content.decode()
    assert '<tr id="capability-stage">' in row
    assert "Not offered" not in row
    assert "Offered" in row
    assert "csrf" not in row.lower()
    assert Entry.objects.get().action == "capability.test"
    without_scripts = administrator.post(STAGE)
    assert without_scripts["Location"] == f"{reverse('settings:overview')}#capabilities"


def test_only_administrators_test_and_an_unknown_command_gets_404(
    administrator: Client,
    school: School,  # noqa: F811
    settings: Any,
) -> None:
    unknown = reverse("settings:test_capability", args=["explode"])
    assert administrator.post(unknown).status_code == 404
    assert administrator.get(STAGE).status_code == 405
    teacher = Client()
    teacher.force_login(school.teacher)
    assert teacher.post(STAGE).status_code == 404
    assert {entry.action for entry in Entry.objects.all()} == {"access.refused"}
