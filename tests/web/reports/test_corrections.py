"""Corrections of attendance by hand: in the dialog, without JavaScript, and by people who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.reports.models import Correction, PersonSummary
from tests.school import HTMX, School
from tests.web.reports.classes_over import person
from tests.web.reports.conftest import Term

pytestmark = pytest.mark.django_db


def where(row: PersonSummary) -> str:
    return reverse("reports:correct", args=[row.room.key, row.pk])


@pytest.fixture
def cleo(term: Term) -> PersonSummary:
    """The row of Cleo, who was absent."""
    return person(term.first, "Cleo")


def page_of_class(client: Client, term: Term) -> str:
    answer = client.get(reverse("reports:class", args=[term.first.room.key]))
    return " ".join(answer.content.decode().split())


def test_correction_is_shown_beside_the_measured_status(
    school: School, term: Term, cleo: PersonSummary
) -> None:
    client = school.signed_in(school.teacher)
    assert client.get(where(cleo)).status_code == 200
    answer = client.post(where(cleo), {"status": "excused", "note": "At the <b>doctor</b>"})
    report = reverse("reports:class", args=[term.first.room.key])
    assert answer["Location"] == f"{report}#person-{cleo.pk}"
    page = page_of_class(client, term)
    assert "The correction is saved." in page
    for words in ("Excused", "measured: absent", "<bdi>Ana</bdi>", "At the &lt;b&gt;doctor&lt;/b&gt;"):
        assert words in page
    cleo.refresh_from_db()
    assert cleo.status == "absent"
    entry = Entry.objects.order_by("pk").last()
    assert entry is not None
    assert (entry.action, entry.actor) == ("attendance.correct", school.teacher)


def test_withdrawn_correction_stays_in_the_history(school: School, term: Term, cleo: PersonSummary) -> None:
    client = school.signed_in(school.teacher)
    client.post(where(cleo), {"status": "excused", "note": "Doctor"})
    client.post(where(cleo), {"do": "withdraw"})
    assert "measured: absent" not in page_of_class(client, term)
    dialog = client.get(where(cleo))
    assert [one.status for one in dialog.context["history"]] == ["", "excused"]
    assert "Withdraw the correction" not in dialog.content.decode()
    again = client.post(where(cleo), {"do": "withdraw"})
    assert again.status_code == 422
    assert "There is no correction to withdraw." in again.content.decode()


def test_dialog_answers_with_the_changed_row_and_figures(
    school: School, term: Term, cleo: PersonSummary
) -> None:
    client = school.signed_in(school.teacher)
    page = reverse("reports:class", args=[term.first.room.key])
    headers = {**HTMX, "HTTP_HX_CURRENT_URL": f"http://testserver{page}?x=1"}
    answer = client.post(where(cleo), {"status": "present", "note": ""}, **headers)
    words = answer.content.decode()
    assert answer["HX-Trigger"] == '{"live:commanded": {"target": "body"}}'
    assert f'<tr id="person-{cleo.pk}" hx-swap-oob="morph">' in words
    assert "3 of 3 attended" in " ".join(words.split())
    assert "csrf" not in words
    # another page, such as that of the student, is loaded again
    elsewhere = {**HTMX, "HTTP_HX_CURRENT_URL": f"http://testserver/reports/students/{cleo.pk}/"}
    assert client.post(where(cleo), {"status": "late"}, **elsewhere)["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"status": ""},
        {"status": "sleepy"},
        {"status": "present", "note": "x" * 501},
    ],
)
def test_wrong_input_changes_nothing(school: School, cleo: PersonSummary, sent: dict[str, Any]) -> None:
    answer = school.signed_in(school.teacher).post(where(cleo), sent)
    assert answer.status_code == 422
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"), [("administrator", 302), ("teacher", 302), ("other_teacher", 404), ("nobody", 302)]
)
def test_only_people_of_the_class_correct(school: School, cleo: PersonSummary, who: str, status: int) -> None:
    answer = school.signed_in(getattr(school, who, None)).post(where(cleo), {"status": "excused"})
    assert answer.status_code == status
    assert Correction.objects.exists() == (who in ("administrator", "teacher"))


def test_row_of_another_class_or_of_a_teacher_can_not_be_corrected(school: School, term: Term) -> None:
    client = school.signed_in(school.administrator)
    for row in (person(term.second, "Ada"), person(term.first, "Teacher Ana")):
        address = reverse("reports:correct", args=[term.first.room.key, row.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"status": "excused"}).status_code == 404
