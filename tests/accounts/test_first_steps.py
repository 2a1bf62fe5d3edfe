"""The first steps: who must choose a password, and what every other address answers until then."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.operations import demo_school
from classroom_admin.realtime import rights
from tests.accounts.conftest import PASSWORD

PAGE = "/account/first-steps/"
HTMX = {"HX-Request": "true"}
OWN = "blue-teapot-window"
GIVEN = "given-by-administrator"
CHOSEN = {"password1": OWN, "password2": OWN, "language": "es", "time_zone": "Asia/Tokyo"}


@pytest.fixture
def given(school) -> str:
    """Return the password that an administrator chose for the teacher, as in earlier versions."""
    school.teacher.set_password(GIVEN)
    school.teacher.must_change_password = True
    school.teacher.save()
    return GIVEN


@pytest.fixture
def client(given) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": "berg@school.test", "password": given})
    return client


def session_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def test_person_whose_password_an_administrator_chose_takes_the_first_steps_once(school, given):
    person = school.teacher
    client = Client()
    answer = client.post("/sign-in/", {"login": person.email, "password": given}, follow=True)
    assert answer.redirect_chain[-1] == (f"{PAGE}?next=%2F", 302)
    assert "Welcome" in answer.content.decode()
    answer = client.post(PAGE, CHOSEN | {"next": "/lists/"}, follow=True)
    assert answer.redirect_chain == [("/lists/", 302)]
    assert 'lang="es"' in answer.content.decode()
    person.refresh_from_db()
    assert person.check_password(OWN)
    assert (person.language, person.time_zone, person.must_change_password) == ("es", "Asia/Tokyo", False)
    entry = Entry.objects.filter(action="account.password_change").get()
    assert entry.actor == person
    assert OWN not in str(list(Entry.objects.values()))
    assert client.get(PAGE)["Location"] == "/"


def test_new_password_ends_the_first_steps(client, school):
    assert client.get("/")["Location"] == f"{PAGE}?next=%2F"
    client.post(PAGE, CHOSEN)
    assert client.get("/").status_code == 200
    again = Client()
    again.post("/sign-in/", {"login": "berg@school.test", "password": OWN})
    assert again.get("/").status_code == 200


def test_other_sessions_end(client, given):
    elsewhere = Client()
    elsewhere.post("/sign-in/", {"login": "berg@school.test", "password": given})
    client.post(PAGE, CHOSEN)
    assert elsewhere.get("/")["Location"].startswith("/sign-in/")


def test_people_who_chose_their_password_are_not_asked(school, browser_of):
    assert browser_of(school.teacher).get("/").status_code == 200
    User.objects.create_superuser("first@school.test", OWN)
    assert not User.objects.get(email="first@school.test").must_change_password


def test_demo_accounts_are_exempt(db, browser_of):
    demo_school.open_accounts()
    for person in User.objects.all():
        assert browser_of(person).get("/").status_code == 200


@pytest.mark.parametrize(
    ("changed", "says", "field"),
    [
        ({"password1": "", "password2": ""}, "required", "password1"),
        ({"password2": "other"}, "The two passwords differ.", "password2"),
        ({"password1": "short", "password2": "short"}, "too short", "password1"),
        ({"password1": "berg@school.test", "password2": "berg@school.test"}, "too similar", "password1"),
        ({"language": "tlh"}, "not one of the available choices", "language"),
        ({"time_zone": "Mars/Olympus"}, "not one of the available choices", "time_zone"),
    ],
)
def test_invalid_first_steps_show_the_error_at_the_field(client, school, changed, says, field):
    answer = client.post(PAGE, CHOSEN | changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert 'role="alert"' in page
    assert f'id="id_{field}_error"' in page
    assert OWN not in page
    assert client.get("/").status_code == 302


def test_given_password_can_not_be_kept(client, given):
    answer = client.post(PAGE, CHOSEN | {"password1": given, "password2": given})
    assert "Choose another one." in answer.content.decode()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "x"])
def test_first_steps_never_lead_to_another_site(client, address):
    assert client.post(PAGE, CHOSEN | {"next": address})["Location"] == "/"


@pytest.mark.parametrize(
    "address",
    ["/", "/classes/new/", "/lists/", "/lists/new/", "/plans/", "/account/settings/", "/account/password/",
     "/people/", "/settings/", "/live/classes/?v=1", "/account/calendar/", "/together/"],
)  # fmt: skip
def test_other_addresses_lead_to_the_first_steps(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(PAGE)
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    for method in (client.get, client.post):
        answer = method(address, headers=HTMX)
        assert answer.status_code == 401
        assert answer["HX-Refresh"] == "true"
        assert not answer.content


def test_class_of_the_person_stays_closed(client, school):
    address = reverse("live:class", args=[school.taught.key])
    assert client.get(address)["Location"].startswith(PAGE)
    for name in ("class_changes", "person"):
        more = [1] if name == "person" else []
        part = reverse(f"live:{name}", args=[school.taught.key, *more])
        assert client.get(part, headers=HTMX).status_code == 401
    with pytest.raises(rights.Refused) as refused:
        rights.authorise(session_of(client), school.taught.key)
    assert refused.value.reason == rights.SIGNED_OUT
    client.post(PAGE, CHOSEN)
    assert rights.authorise(session_of(client), school.taught.key)


def test_open_stream_ends_when_a_password_must_be_changed(school, browser_of):
    client = browser_of(school.teacher)
    _user, right = rights.authorise(session_of(client), None)
    assert rights.read([right]).refusal(right) == ""
    User.objects.filter(pk=school.teacher.pk).update(must_change_password=True)
    assert rights.read([right]).refusal(right) == rights.SIGNED_OUT


def test_language_and_sign_out_stay_open(client):
    assert client.post("/account/language/", {"language": "ar", "next": PAGE})["Location"] == PAGE
    assert 'dir="rtl"' in client.get(PAGE).content.decode()
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/healthz").status_code in (200, 503)


def test_check_costs_no_query(school, browser_of, django_assert_num_queries):
    client = browser_of(school.teacher)
    with django_assert_num_queries(3):  # session, user, chosen mails
        client.get("/account/settings/")


def test_first_steps_need_a_csrf_token(client, given):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(PAGE, CHOSEN).status_code == 403


def test_password_is_not_kept_by_the_browser(client):
    assert "no-store" in client.get(PAGE)["Cache-Control"]


def test_sign_in_with_the_old_password_fails(client):
    client.post(PAGE, CHOSEN)
    assert not Client().login(email="berg@school.test", password=PASSWORD)
