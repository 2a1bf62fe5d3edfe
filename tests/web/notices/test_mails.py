"""People choose their mails in their settings, and unsubscribe with the address in a mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.audit.models import Entry
from classroom_admin.common import clock
from classroom_admin.integrations.mail import delivery
from classroom_admin.integrations.mail.choices import chosen, unsubscribe_path
from classroom_admin.integrations.mail.models import Mail, MailKind
from tests.school import School

pytestmark = pytest.mark.django_db
DEFAULT = {"weekly_summary": False, "recording_ready": True, "alert": False}


def test_choice_is_shown_saved_and_recorded(school: School) -> None:
    client = school.signed_in(school.teacher)
    settings_page = reverse("account_settings")
    page = client.get(settings_page).content.decode()
    assert 'value="recording_ready" checked' in page
    assert 'value="alert"\n' in page
    answer = client.post(reverse("notices:choose_mails"), {"mails": ["alert", "weekly_summary", "unknown"]})
    assert answer.headers["Location"] == settings_page
    assert chosen(school.teacher) == {"weekly_summary": True, "recording_ready": False, "alert": True}
    assert chosen(school.other_teacher) == DEFAULT
    client.post(reverse("notices:choose_mails"), {"mails": ["alert", "weekly_summary"]})
    [entry] = Entry.objects.filter(action="account.mails")
    assert (entry.actor, entry.params) == (school.teacher, {"mails": ["weekly_summary", "alert"]})


def test_page_says_if_the_dashboard_can_not_send_mail(school: School, settings: Any) -> None:
    client = school.signed_in(school.teacher)
    assert "send mail yet" not in client.get(reverse("account_settings")).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "send mail yet" in client.get(reverse("account_settings")).content.decode()


def test_link_asks_first_and_one_click_unsubscribes_without_a_sign_in(school: School) -> None:
    path = unsubscribe_path(school.teacher, MailKind.RECORDING_READY)
    client = Client(enforce_csrf_checks=True)
    page = client.get(path)
    assert page.status_code == 200
    assert "teacher@school.test" in page.content.decode()
    assert client.head(path).status_code == 200
    assert chosen(school.teacher)["recording_ready"], "a program that opens links changes nothing"
    for _ in range(2):
        answer = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200, "RFC 8058 wants no redirect"
        assert "You are unsubscribed" in answer.content.decode()
    assert not chosen(school.teacher)["recording_ready"]
    [entry] = Entry.objects.filter(action="account.unsubscribe")
    assert (entry.actor, entry.target) == (None, "teacher@school.test")
    school.signed_in(school.teacher).post(reverse("notices:choose_mails"), {"mails": ["recording_ready"]})
    assert chosen(school.teacher)["recording_ready"], "the person turns the mail on again in the settings"


def test_page_is_in_the_language_of_the_person(school: School) -> None:
    school.teacher.language = "ar"
    school.teacher.save()
    page = Client().get(unsubscribe_path(school.teacher, MailKind.ALERT), HTTP_ACCEPT_LANGUAGE="es")
    assert 'dir="rtl"' in page.content.decode()


def test_changed_addresses_and_addresses_of_deactivated_people_are_not_valid(school: School) -> None:
    path = unsubscribe_path(school.teacher, MailKind.ALERT)
    own = f"{school.teacher.pk}.alert"
    for other in (
        path.replace(own, f"{school.other_teacher.pk}.alert"),
        path.replace(own, f"{school.teacher.pk}.weekly_summary"),
        reverse("notices:unsubscribe", args=["guessed"]),
    ):
        assert Client().post(other).status_code == 404
    school.teacher.is_active = False
    school.teacher.save()
    assert Client().post(path).status_code == 404


def test_administrator_sees_failed_mails_and_sends_one_again(school: School) -> None:
    problem = {
        "code": "mail_recipient",
        "params": {"place": "mail.test:25", "code": 550, "reply": "No such user"},
    }
    mail = Mail.objects.create(
        person=school.teacher, kind="alert", room=school.room, state="failed", attempts=3, problem=problem,
        due_at=clock.now() - timedelta(days=2),
    )  # fmt: skip
    Mail.objects.create(
        person=school.other_teacher, kind="recording_ready", room=school.room, state="failed", attempts=1,
        due_at=clock.now() - timedelta(days=3),
    )  # fmt: skip
    client, page = school.signed_in(school.administrator), reverse("notices:mail_failures")
    assert "2 mails of the past 30 days were not sent." in client.get("/settings/").content.decode()
    shown = client.get(page).content.decode()
    assert "refuses the recipient (550): No such user" in shown
    assert "It could not be sent in time." in shown
    again = reverse("notices:mail_again", args=[mail.pk])
    answer = client.post(again, follow=True)
    assert "will be sent again" in answer.content.decode()
    mail.refresh_from_db()
    assert mail.state == "waiting"
    assert list(delivery.due()) == [mail]
    assert "is being sent already" in client.post(again, follow=True).content.decode()
    [entry] = Entry.objects.filter(action="mail.again")
    assert (entry.target, entry.params) == (school.teacher.email, {"kind": "alert"})
    assert school.signed_in(school.teacher).post(again).status_code == 404
