"""Sign-in, sign-out and password change: their pages and audit entries."""

import pytest
from django.contrib.auth.signals import user_login_failed
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from classroom_admin.accounts.models import User
from classroom_admin.actions import people
from classroom_admin.audit.models import Entry, Step
from tests.accounts.conftest import PASSWORD

SIGN_IN = "/sign-in/"


def sign_in(email: str, password: str, client: Client | None = None):
    client = client or Client()
    return client, client.post(SIGN_IN, {"login": email, "password": password})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("account_change_password")).status_code == 200


def last_entry() -> Entry:
    return Entry.objects.first()


def test_sign_in_leads_to_the_class_list_and_is_recorded(school):
    client, answer = sign_in("berg@school.test", PASSWORD)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert is_signed_in(client)
    entry = last_entry()
    assert (entry.action, entry.actor, entry.target) == (
        "account.sign_in",
        school.teacher,
        "berg@school.test",
    )
    assert [step.kind for step in entry.steps.all()] == [Step.Kind.DONE]


def test_sign_in_leads_back_to_the_requested_page(school):
    client = Client()
    address = client.get("/people/")["Location"]
    page = client.get(address).content.decode()
    assert 'name="next" value="/people/"' in page
    answer = client.post(SIGN_IN, {"login": "admin@school.test", "password": PASSWORD, "next": "/people/"})
    assert answer["Location"] == "/people/"


def test_sign_in_never_redirects_to_another_site(school):
    answer = Client().post(
        SIGN_IN, {"login": "admin@school.test", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example/",
    "javascript:alert(1)", "/\t/evil.example", "http://testserver@evil.example/", "https:/evil.example",
    "http://testserver.evil.example/", "//localhost/", "data:text/html,x", " //evil.example", "http://[::1",
)  # fmt: skip


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_page_of_accounts_leads_to_another_site(school, browser_of, elsewhere):
    data = {"login": "admin@school.test", "password": PASSWORD, "language": "es", "next": elsewhere}
    asked = {"query_params": {"next": elsewhere}}
    answers = [Client().post(path, data) for path in (SIGN_IN, "/account/language/")]
    answers += [browser_of(school.teacher).post("/sign-out/", data, **asked)]
    here = browser_of(school.administrator)
    answers += [here.post("/account/confirm/", data, **asked)]
    paths = ("/sign-in/", "/account/second-factor/", "/account/first-steps/", "/account/sign-in-again/")
    answers += [here.get(path, {"next": elsewhere}) for path in (*paths, "/sign-in/school/school/")]
    assert {answer.status_code for answer in answers} == {302}
    assert {answer["Location"] for answer in answers} <= {"/", SIGN_IN}


def test_email_addresses_are_the_same_in_any_case(school):
    client, _ = sign_in("BERG@School.TEST", PASSWORD)
    assert is_signed_in(client)


def test_wrong_password_shows_help_and_keeps_the_email(school):
    client, answer = sign_in("berg@school.test", "my-secret-pet")
    page = answer.content.decode()
    assert "ask an administrator for a new password" in page
    assert 'value="berg@school.test"' in page
    assert "my-secret-pet" not in page
    assert not is_signed_in(client)


def test_failed_sign_in_is_recorded_without_the_password(school):
    sign_in("berg@school.test", "my-secret-pet")
    entry = last_entry()
    assert (entry.action, entry.actor, entry.target) == ("account.sign_in_failed", None, "berg@school.test")
    assert entry.target_name == "Frau Berg"
    assert entry.steps.get().kind == Step.Kind.FAILED
    assert "my-secret-pet" not in str(entry.params) + str(entry.steps.get().detail)


def test_unknown_and_known_emails_get_the_same_answer(school):
    _, unknown = sign_in("nobody@school.test", "wrong")
    _, known = sign_in("berg@school.test", "wrong")
    assert unknown.status_code == known.status_code == 200
    assert unknown.context["form"].errors == known.context["form"].errors


def test_correct_password_must_wait_after_many_failures(school):
    for _ in range(5):
        sign_in("berg@school.test", "wrong")
    client, answer = sign_in("berg@school.test", PASSWORD)
    assert "Too many failed attempts" in answer.content.decode()
    assert not is_signed_in(client)
    # Somebody else is not held up by it.
    other, _ = sign_in("other@school.test", PASSWORD)
    assert is_signed_in(other)


def test_whole_school_can_sign_in_from_one_ip_address(db):
    for number in range(60):
        User.objects.create_user(f"teacher{number}@school.test", PASSWORD)
    answers = [sign_in(f"teacher{number}@school.test", PASSWORD)[1] for number in range(60)]
    assert {answer.status_code for answer in answers} == {302}


def test_deactivated_people_can_not_sign_in(school):
    people.deactivate_person(actor=school.administrator, person=school.teacher)
    client, answer = sign_in("berg@school.test", PASSWORD)
    assert answer["Location"] == reverse("account_inactive")
    assert "deactivated" in client.get(answer["Location"]).content.decode()
    assert not is_signed_in(client)
    assert last_entry().action == "account.sign_in_failed"
    assert last_entry().steps.get().detail["reason"]["code"] == "account_deactivated"


def test_sign_out_needs_a_post_and_is_recorded(school):
    client, _ = sign_in("berg@school.test", PASSWORD)
    assert "Sign out?" in client.get("/sign-out/").content.decode()
    assert is_signed_in(client)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert not is_signed_in(client)
    assert (last_entry().action, last_entry().actor) == ("account.sign_out", school.teacher)


def change_password(client: Client, old: str, new: str, again: str | None = None):
    data = {"oldpassword": old, "password1": new, "password2": new if again is None else again}
    return client.post(reverse("account_change_password"), data)


def test_password_change_ends_other_sessions_and_is_recorded(school):
    here, _ = sign_in("berg@school.test", PASSWORD)
    elsewhere, _ = sign_in("berg@school.test", PASSWORD)
    assert change_password(here, PASSWORD, "blue-teapot-window").status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert last_entry().action == "account.password_change"
    assert "teapot" not in str(list(Entry.objects.values()))
    assert is_signed_in(sign_in("berg@school.test", "blue-teapot-window")[0])


@pytest.mark.parametrize(
    ("old", "new", "again", "says"),
    [
        ("wrong", "blue-teapot-window", None, "This is not your current password"),
        (PASSWORD, "short", None, "too short"),
        (PASSWORD, "berg@school.test", None, "too similar"),
        (PASSWORD, "password123", None, "too common"),
        (PASSWORD, "blue-teapot-window", "other-teapot-window", "same password"),
        (PASSWORD, "", "", "required"),
    ],
)
def test_invalid_password_change_is_explained(school, old, new, again, says):
    client, _ = sign_in("berg@school.test", PASSWORD)
    answer = change_password(client, old, new, again)
    page = answer.content.decode()
    assert says in page
    assert 'role="alert"' in page
    school.teacher.refresh_from_db()
    assert school.teacher.check_password(PASSWORD)


def test_createsuperuser_makes_an_administrator(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "blue-teapot-window")
    call_command("createsuperuser", "--noinput", email="First@School.test")
    first = User.objects.get()
    assert first.is_administrator
    assert first.is_active
    client, _ = sign_in("first@school.test", "blue-teapot-window")
    assert client.get(reverse("people:list")).status_code == 200


def test_failed_sign_ins_can_not_flood_the_audit_log(school):
    for number in range(40):
        user_login_failed.send(__name__, credentials={"email": f"guess{number}@school.test"}, request=None)
    assert Entry.objects.filter(action="account.sign_in_failed").count() == 30
