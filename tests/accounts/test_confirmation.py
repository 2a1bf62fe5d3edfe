"""Sensitive changes need a recent sign-in or a new confirmation."""

from __future__ import annotations

from importlib import import_module
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as django_settings
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.accounts.session_limits import SIGNED_IN_AT
from tests.accounts.codes import code_of, set_up_app
from tests.accounts.conftest import PASSWORD

CONFIRM = "/account/confirm/"
AGAIN = "/account/sign-in-again/"
DETAILS = {"name": "Dr. Berg", "email": "berg@school.test", "role": "administrator", "user_uuids": ""}


@pytest.fixture(autouse=True)
def _minutes(settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900


def make_older(client: Client, seconds: float) -> None:
    """Let the sign-in of the session be `seconds` ago."""
    store = import_module(django_settings.SESSION_ENGINE).SessionStore(client.cookies["sessionid"].value)
    store[SIGNED_IN_AT] -= seconds
    store.save()


@pytest.fixture
def old(admin) -> Client:
    make_older(admin, 1000)
    return admin


def test_recent_sign_in_is_enough(school, admin):
    make_older(admin, 800)
    assert admin.post(f"/people/{school.teacher.pk}/", DETAILS)["Location"] == f"/people/{school.teacher.pk}/"
    assert User.objects.get(pk=school.teacher.pk).is_administrator


SENSITIVE = {
    "": DETAILS,
    "password/": {},
    "deactivate/": {},
    "reactivate/": {},
    "second-factors/": {},
    "sessions/": {},
}


@pytest.mark.parametrize("path", SENSITIVE)
def test_change_of_another_person_waits_for_the_password(school, old, path):
    address = f"/people/{school.teacher.pk}/{path}"
    before = User.objects.filter(pk=school.teacher.pk).values().get()
    answer = old.post(address, SENSITIVE[path])
    assert answer["Location"] == f"{CONFIRM}?next={quote(address, safe='')}"
    assert User.objects.filter(pk=school.teacher.pk).values().get() == before


def test_change_runs_after_the_confirmation(school, old):
    address = f"/people/{school.teacher.pk}/"
    page = old.post(address, DETAILS)["Location"]
    wrong = old.post(page, {"password": "wrong", "next": address})
    assert wrong.status_code == 200
    assert User.objects.get(pk=school.teacher.pk).name == "Frau Berg"
    assert old.post(page, {"password": PASSWORD, "next": address}).status_code == 302
    assert User.objects.get(pk=school.teacher.pk).name == "Dr. Berg"
    assert old.post(address, DETAILS | {"name": "Berg"})["Location"] == address  # it counts for a while


@pytest.fixture
def from_school(school) -> Client:
    """A browser in which an administrator without a password came through school sign-on, a while ago."""
    person = User.objects.create_user("sso@school.test", None, name="Sign-on", role=User.Role.ADMINISTRATOR)
    SocialAccount.objects.create(user=person, provider="http://127.0.0.1:9", uid="sso")
    client = Client()
    client.force_login(person)
    make_older(client, 1000)
    return client


@pytest.mark.parametrize("path", SENSITIVE)
def test_person_without_a_password_signs_in_again(school, from_school, path):
    before = User.objects.filter(pk=school.teacher.pk).values().get()
    page = f"/people/{school.teacher.pk}/"
    referer = {"Referer": f"http://testserver{page}?q=a"}
    answer = from_school.post(f"{page}{path}", SENSITIVE[path], headers=referer)
    assert answer["Location"] == f"{AGAIN}?next={quote(page, safe='')}%3Fq%3Da"
    assert User.objects.filter(pk=school.teacher.pk).values().get() == before
    shown = from_school.get(answer["Location"]).content.decode()
    assert f'href="/sign-in/school/school/?next={quote(page, safe="")}%3Fq%3Da&amp;again=1"' in shown
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    assert from_school.post(f"{page}{path}", headers=htmx)["HX-Redirect"].startswith(AGAIN)


def test_person_without_a_password_sets_up_no_factor_later(school, from_school):
    for path in ("/account/security/app/", "/account/security/passkeys/add/"):
        assert from_school.post(path, {"code": "1"})["Location"].startswith(AGAIN)
    assert not Authenticator.objects.exists()
    assert from_school.get("/settings/sign-on/new/")["Location"].startswith(AGAIN)


def test_page_to_sign_in_again_leads_nowhere_else(school, from_school, admin):
    for other in ("//evil.example", "https://evil.example/", "javascript:alert(1)"):
        shown = from_school.get(AGAIN, {"next": other}).content.decode()
        card = shown.partition("<h1")[2].partition("</section>")[0]
        assert 'href="/"' in card
        assert "next=%2F&amp;" in card
        assert "evil" not in card
        assert "alert" not in card
        assert admin.get(AGAIN, {"next": other})["Location"] == "/"  # the sign-in is recent
    SocialAccount.objects.all().delete()
    assert "Ask an administrator for a link" in from_school.get(AGAIN).content.decode()


def test_person_without_a_password_has_no_page_to_change_it(school, from_school, admin):
    for method in (from_school.get, from_school.post):
        assert method("/account/password/")["Location"] == "/account/security/"
    assert admin.get("/account/password/").status_code == 200


def test_reading_needs_no_confirmation(school, old):
    assert old.get(f"/people/{school.teacher.pk}/").status_code == 200


def test_new_people_and_own_factors_wait_for_the_password(school, old):
    person = DETAILS | {"email": "new@school.test"}
    for answer in (
        old.post("/people/new/", person),
        old.get("/account/security/app/"),
        old.get("/account/security/passkeys/add/"),
        old.get("/account/security/codes/new/"),
    ):
        assert answer["Location"].startswith(CONFIRM)
    assert User.objects.count() == 3


def test_htmx_request_opens_the_page_and_leads_back(school, old):
    page = f"http://testserver/people/{school.teacher.pk}/?q=a"
    answer = old.post(
        f"/people/{school.teacher.pk}/deactivate/",
        headers={"HX-Request": "true", "HX-Current-URL": page},
    )
    assert answer["HX-Redirect"] == f"{CONFIRM}?next=%2Fpeople%2F{school.teacher.pk}%2F%3Fq%3Da"
    assert User.objects.get(pk=school.teacher.pk).is_active


def test_confirmation_never_leads_to_another_site(school, old):
    answer = old.post(f"{CONFIRM}?next=//evil.example", {"password": PASSWORD, "next": "//evil.example"})
    assert answer["Location"] == "/"


def test_code_of_the_app_confirms(school):
    client = Client()
    client.post("/sign-in/", {"login": "admin@school.test", "password": PASSWORD})
    key, _codes = set_up_app(client)
    make_older(client, 1000)
    address = f"/people/{school.teacher.pk}/deactivate/"
    client.post(address)
    client.post("/account/confirm/code/", {"code": code_of(key), "next": address})
    assert not User.objects.get(pk=school.teacher.pk).is_active
