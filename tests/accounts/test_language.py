"""Language and time zone: of the account, else of the browser."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from classroom_admin.accounts.own_settings import zone_choices
from classroom_admin.audit.models import Entry, Step
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem

SIGN_IN = {"en": "Sign in", "zh-hans": "登录", "es": "Iniciar sesión", "ar": "تسجيل الدخول"}


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("zh-CN,zh;q=0.9", "zh-hans"),
        ("ar-EG", "ar"),
        ("fr,ar;q=0.5", "ar"),
        ("fr", "en"),
        ("", "en"),
        (";;;", "en"),
    ],
)
def test_browser_sets_the_language_before_sign_in(db, client, wish, language):
    answer = client.get("/sign-in/", headers={"Accept-Language": wish})
    page = answer.content.decode()
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert f'<h1 id="sign-in-title">{SIGN_IN[language]}</h1>' in page
    assert "Accept-Language" in answer["Vary"]


def test_language_chosen_before_sign_in_is_kept_in_the_browser(db, client):
    answer = client.post(reverse("account_language"), {"language": "ar", "next": "/sign-in/?next=/people/"})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/people/")
    page = client.get("/sign-in/", headers={"Accept-Language": "es"}).content.decode()
    assert 'lang="ar" dir="rtl"' in page


def test_chosen_language_follows_the_account(school, browser_of):
    browser_of(school.teacher).post(reverse("account_language"), {"language": "es"})
    school.teacher.refresh_from_db()
    assert school.teacher.language == "es"
    elsewhere = browser_of(school.teacher)
    answer = elsewhere.get("/", headers={"Accept-Language": "ar"})
    assert '<html lang="es"' in answer.content.decode()
    # and stays for the page on which one signs in
    elsewhere.logout()
    elsewhere.cookies = answer.client.cookies
    assert answer.cookies["django_language"].value == "es"


def test_other_people_keep_their_language(school, browser_of):
    browser_of(school.teacher).post(reverse("account_language"), {"language": "es"})
    assert '<html lang="en"' in browser_of(school.other).get("/").content.decode()


@pytest.mark.parametrize("language", ["tlh", "", "../../etc", "de"])
def test_unknown_language_changes_nothing(school, browser_of, language):
    answer = browser_of(school.teacher).post(reverse("account_language"), {"language": language})
    assert answer.status_code == 302
    school.teacher.refresh_from_db()
    assert school.teacher.language == ""


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_redirect_never_leaves_the_site(db, client, there):
    answer = client.post(reverse("account_language"), {"language": "es", "next": there})
    assert answer["Location"] == "/"


def test_account_with_a_removed_language_uses_the_browsers(school, browser_of):
    type(school.teacher).objects.filter(pk=school.teacher.pk).update(language="fr")
    assert (
        '<html lang="es"'
        in browser_of(school.teacher).get("/", headers={"Accept-Language": "es"}).content.decode()
    )


def test_own_settings_are_saved(school, browser_of):
    browser = browser_of(school.teacher)
    page = browser.get(reverse("account_settings")).content.decode()
    assert "العربية" in page
    assert "Asia/Tokyo" in page
    answer = browser.post(reverse("account_settings"), {"language": "es", "time_zone": "Asia/Tokyo"})
    assert answer.status_code == 302
    school.teacher.refresh_from_db()
    assert (school.teacher.language, school.teacher.time_zone) == ("es", "Asia/Tokyo")
    page = browser.get(answer["Location"]).content.decode()
    assert "Sus ajustes se guardaron." in page
    assert 'data-zone="Asia/Tokyo"' in page


def test_own_settings_can_be_reset_to_the_browsers(school, browser_of):
    browser = browser_of(school.teacher)
    browser.post(reverse("account_settings"), {"language": "es", "time_zone": "Asia/Tokyo"})
    browser.post(reverse("account_settings"), {"language": "", "time_zone": ""})
    page = browser.get("/", headers={"Accept-Language": "ar"}).content.decode()
    assert '<html lang="ar"' in page
    assert 'data-zone=""' in page


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"language": "tlh"}])
def test_invalid_own_settings_are_refused(school, browser_of, wrong):
    answer = browser_of(school.teacher).post(reverse("account_settings"), wrong)
    assert answer.status_code == 422
    school.teacher.refresh_from_db()
    assert (school.teacher.language, school.teacher.time_zone) == ("", "")


def test_every_time_zone_is_offered_once():
    flat = []
    for value, words in zone_choices():
        flat += (
            [value] if isinstance(words, str) or not isinstance(words, list) else [one for one, _ in words]
        )
    assert len(flat) == len(set(flat))
    assert len(flat) > 400


def _day_of_entries(browser: Client, **cookies: str) -> str:
    """Return the audit log of 3 May, in the person's time zone."""
    for name, value in cookies.items():
        browser.cookies[name] = value
    return browser.get("/settings/audit/", {"since": "2026-05-03", "until": "2026-05-03"}).content.decode()


@pytest.mark.parametrize(
    ("zone", "cookie", "seen"),
    [
        ("", "", False),  # the school's: UTC
        ("", "Asia/Tokyo", True),
        ("Asia/Tokyo", "", True),
        ("America/Lima", "Asia/Tokyo", False),
        ("", "Mars/Olympus", False),
        ("", "../../etc/passwd", False),
    ],
)
def test_days_are_in_the_persons_time_zone(school, browser_of, zone, cookie, seen):
    school.administrator.time_zone = zone
    school.administrator.save()
    entry = Entry.objects.create(
        action="class.start", actor_name="Night Owl", at=datetime(2026, 5, 2, 20, 0, tzinfo=UTC)
    )
    Step.objects.create(entry=entry, kind=Step.Kind.DONE)
    page = _day_of_entries(browser_of(school.administrator), **({"zone": cookie} if cookie else {}))
    assert ("Night Owl" in page) is seen


def test_refusal_is_in_the_persons_language(school, browser_of):
    entry = Entry.objects.create(action="class.start", actor_name="Frau Berg")
    reason = Problem("class_already_running").as_json()
    Step.objects.create(entry=entry, kind=Step.Kind.FAILED, detail={"reason": reason})
    old = Entry.objects.create(action="class.end", actor_name="Frau Berg")
    Step.objects.create(entry=old, kind=Step.Kind.FAILED, detail={"sentence": "The class is already closed."})
    browser = browser_of(school.administrator)
    browser.post(reverse("account_language"), {"language": "es"})
    page = browser.get("/settings/audit/").content.decode()
    with translation.override("es"):
        assert in_words(Problem("class_already_running")) in page
    assert "The class is already closed." in page
    assert "Inició la clase" in page


def test_request_without_session_costs_no_query(db, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/account/inactive/", headers={"Accept-Language": "es"})
