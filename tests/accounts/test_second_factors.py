"""Second factors: who must have one, how it is used, stored and reset."""

from __future__ import annotations

import threading
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.actions import people
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit.models import Entry
from classroom_admin.operations import demo_school
from classroom_admin.realtime import rights
from tests.accounts.codes import APP, code_of, set_up_app
from tests.accounts.conftest import PASSWORD

REQUIRED = "/account/second-factor/"
HTMX = {"HX-Request": "true"}
NEWER = "blue-teapot-window"


def sign_in(email: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.post("/sign-in/", {"login": email, "password": PASSWORD})
    return client


def session_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def is_signed_in(client: Client) -> bool:
    return client.get("/account/settings/").status_code == 200


def actions() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("setting", "administrator", "teacher"),
    [("administrators", True, False), ("everyone", True, True), ("nobody", False, False)],
)
def test_setting_says_who_needs_one(school, settings, setting, administrator, teacher):
    settings.SECOND_FACTOR = setting
    assert school.administrator.needs_second_factor is administrator
    assert school.teacher.needs_second_factor is teacher
    assert (sign_in("admin@school.test").get("/").status_code == 200) is not administrator
    assert (sign_in("berg@school.test").get("/").status_code == 200) is not teacher


def test_every_page_part_and_stream_is_closed_until_it_is_set_up(school, settings):
    settings.SECOND_FACTOR = "administrators"
    client = sign_in("admin@school.test")
    for address in (
        "/",
        "/people/",
        "/settings/audit/",
        f"/classes/{school.taught.key}/",
        "/account/password/",
    ):
        assert client.get(address)["Location"].startswith(REQUIRED)
        assert client.post(address)["Location"] == REQUIRED
        part = client.get(address, headers=HTMX)
        assert (part.status_code, part["HX-Refresh"], part.content) == (401, "true", b"")
    with pytest.raises(rights.Refused) as refused:
        rights.authorise(session_of(client), None)
    assert refused.value.reason == rights.SIGNED_OUT
    page = client.get("/", follow=True).content.decode()
    assert "your school requires a second factor" in page
    assert "/people/" not in page
    set_up_app(client)
    assert client.get("/people/").status_code == 200
    assert rights.authorise(session_of(client), None)
    assert client.get(REQUIRED + "?next=/people/")["Location"] == "/people/"


def test_open_stream_ends_when_a_second_factor_becomes_necessary(school, settings, browser_of):
    client = browser_of(school.administrator)
    _user, right = rights.authorise(session_of(client), None)
    assert rights.read([right]).refusal(right) == ""
    settings.SECOND_FACTOR = "administrators"
    assert rights.read([right]).refusal(right) == rights.SIGNED_OUT


def test_demo_accounts_are_exempt_and_people_without_a_password_are_not(db, settings):
    settings.SECOND_FACTOR = "everyone"
    demo_school.open_accounts()
    assert not any(person.needs_second_factor for person in User.objects.all())
    # In a session through school sign-on, a setting decides: tests/web/sign_on.
    assert User.objects.create_user("sso@school.test", role="administrator").needs_second_factor


def test_check_costs_no_query(school, settings, browser_of, django_assert_num_queries):
    settings.SECOND_FACTOR = "everyone"
    client = browser_of(school.teacher)
    set_up_app(client)
    with django_assert_num_queries(3):  # session, user, chosen mails
        client.get("/account/settings/")


@pytest.mark.django_db(transaction=True)  # allauth tells of changes after the transaction
def test_sign_in_needs_the_code_of_the_app(school):
    key, _codes = set_up_app(sign_in("berg@school.test"))
    client = sign_in("berg@school.test")
    assert not is_signed_in(client)
    answer = client.post("/sign-in/code/", {"code": "000000"})
    assert "not correct" in answer.content.decode()
    assert not is_signed_in(client)
    assert client.post("/sign-in/code/", {"code": code_of(key)})["Location"] == "/"
    assert is_signed_in(client)
    assert actions() == [
        "account.sign_in",
        "account.second_factor_add",
        "account.second_factor_failed",
        "account.sign_in",
    ]


def test_code_works_once(school):
    key, _codes = set_up_app(sign_in("berg@school.test"))
    code = code_of(key)
    client = sign_in("berg@school.test")
    client.post("/sign-in/code/", {"code": code})
    assert is_signed_in(client)
    other = sign_in("berg@school.test")
    other.post("/sign-in/code/", {"code": code})
    assert not is_signed_in(other)


def test_code_works_once_as_long_as_it_is_valid(school, monkeypatch):
    """The phone's clock may be 30 s wrong, so a code is valid for 90 s."""
    begun = int(time.time()) // 30 * 30
    monkeypatch.setattr(time, "time", lambda: float(begun))
    key, _codes = set_up_app(sign_in("berg@school.test"))
    code, answers = code_of(key), []
    for seconds in (0, 1, 31, 59, 61):
        monkeypatch.setattr(time, "time", lambda at=begun + seconds: float(at))
        cache.clear()  # as in another process, or after the process has begun again
        client = sign_in("berg@school.test")
        answers.append(client.post("/sign-in/code/", {"code": f" {code[:3]} {code[3:]}"}).status_code)
    assert answers == [302, 200, 200, 200, 200]
    monkeypatch.setattr(time, "time", lambda: float(begun + 61))
    assert sign_in("berg@school.test").post("/sign-in/code/", {"code": code_of(key)}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_code_and_recovery_code_work_once_in_parallel(school):
    key, codes = set_up_app(sign_in("berg@school.test"))
    for code in (code_of(key), codes[0]):
        clients = [sign_in("berg@school.test") for _ in range(4)]
        together, statuses = threading.Barrier(len(clients), timeout=60), []

        def enter(client, code=code, together=together, statuses=statuses) -> None:
            together.wait()
            statuses.append(client.post("/sign-in/code/", {"code": code}).status_code)
            connections.close_all()

        threads = [threading.Thread(target=enter, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert statuses.count(302) == 1, statuses


def reset_password(school) -> None:
    people.reset_password(actor=school.administrator, person=school.teacher)


def deactivate_for_a_time(school) -> None:
    people.deactivate_person(actor=school.administrator, person=school.teacher)
    people.reactivate_person(actor=school.administrator, person=school.teacher)


def deactivate(school) -> None:
    people.deactivate_person(actor=school.administrator, person=school.teacher)


@pytest.mark.parametrize("end", [reset_password, deactivate_for_a_time, deactivate])
def test_code_does_not_finish_a_sign_in_with_a_password_that_has_ended(school, end):
    key, _codes = set_up_app(sign_in("berg@school.test"))
    client = sign_in("berg@school.test")
    end(school)
    assert client.post("/sign-in/code/", {"code": code_of(key)})["Location"] == "/sign-in/"
    assert client.get("/sign-in/").status_code == 200
    people.reactivate_person(actor=school.administrator, person=school.teacher)
    assert not is_signed_in(client)


def test_session_has_a_new_id_after_the_password_and_after_the_code(school):
    key, _codes = set_up_app(sign_in("berg@school.test"))
    client = Client()
    session = client.session
    session["known"] = "to another person"
    session.save()
    client.cookies["sessionid"] = session.session_key
    ids = [session.session_key]
    for path, data in (
        ("/sign-in/", {"login": "berg@school.test", "password": PASSWORD}),
        ("/sign-in/code/", {"code": code_of(key)}),
        ("/account/password/", {"oldpassword": PASSWORD, "password1": NEWER, "password2": NEWER}),
    ):
        assert client.post(path, data).status_code == 302
        ids.append(session_of(client))
    assert len(set(ids)) == 4
    assert is_signed_in(client)
    for earlier in ids[:-1]:
        thief = Client()
        thief.cookies["sessionid"] = earlier
        assert not is_signed_in(thief)


def test_guessing_codes_is_limited(school):
    key, _codes = set_up_app(sign_in("berg@school.test"))
    client = sign_in("berg@school.test")
    for number in range(5):
        client.post("/sign-in/code/", {"code": f"{number:06}"})
    answer = client.post("/sign-in/code/", {"code": code_of(key)})
    assert "Too many failed attempts" in answer.content.decode()
    assert not is_signed_in(client)


def test_recovery_code_signs_in_once(school):
    _key, codes = set_up_app(sign_in("berg@school.test"))
    assert len(codes) == 10
    client = sign_in("berg@school.test")
    client.post("/sign-in/code/", {"code": codes[7]})
    assert is_signed_in(client)
    assert "account.recovery_code_used" in actions()
    assert "9 codes are left." in client.get("/account/security/").content.decode()
    other = sign_in("berg@school.test")
    other.post("/sign-in/code/", {"code": codes[7]})
    assert not is_signed_in(other)


@pytest.mark.django_db(transaction=True)
def test_recovery_codes_are_shown_once(school):
    client = sign_in("berg@school.test")
    _key, codes = set_up_app(client)
    again = client.get("/account/security/codes/").content.decode()
    assert not any(code in again for code in codes)
    client.post("/account/security/codes/new/")
    assert not any(code in client.get("/account/security/codes/").content.decode() for code in codes)
    assert actions()[-1] == "account.recovery_codes"


def test_secrets_are_encrypted_in_the_database(school, settings):
    client = sign_in("berg@school.test")
    key, codes = set_up_app(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        stored = str(cursor.fetchall())
    assert key not in stored
    assert len(Authenticator.objects.get(type="recovery_codes").data["seed"]) > 80  # the seed has 80 digits
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert not set(seed) <= set("0123456789abcdef")
    settings.SECRET_KEY = "another-key-that-can-not-read-the-secret-of-the-app"
    other = sign_in("berg@school.test")
    answer = other.post("/sign-in/code/", {"code": codes[0]})
    assert "Ask an administrator to reset it." in answer.content.decode().replace("&#x27;", "'")


def test_last_required_factor_can_not_be_removed(school, settings):
    settings.SECOND_FACTOR = "everyone"
    client = sign_in("berg@school.test")
    set_up_app(client)
    assert "Add another one before" in client.get(APP + "remove/").content.decode()
    client.post(APP + "remove/")
    assert User.objects.get(pk=school.teacher.pk).has_second_factor
    settings.SECOND_FACTOR = "nobody"
    client.post(APP + "remove/")
    assert not Authenticator.objects.exists()  # the recovery codes, too
    assert not User.objects.get(pk=school.teacher.pk).has_second_factor
    assert actions()[-1] == "account.second_factor_remove"


def test_administrator_resets_the_factors_of_a_person_who_lost_the_phone(school, admin):
    client = sign_in("berg@school.test")
    set_up_app(client)
    waiting = sign_in("berg@school.test")  # the page that asks for the code is open
    answer = admin.post(f"/people/{school.teacher.pk}/second-factors/", follow=True)
    assert "were reset" in answer.content.decode()
    assert not is_signed_in(client)
    assert not Authenticator.objects.exists()
    entry = Entry.objects.first()
    assert (entry.action, entry.actor, entry.target_name) == (
        "account.second_factor_reset",
        school.administrator,
        "Frau Berg",
    )
    assert waiting.get("/sign-in/", follow=True).status_code == 200
    assert is_signed_in(sign_in("berg@school.test", waiting))


def test_own_factors_and_missing_ones_are_not_reset(school):
    with pytest.raises(ActionRefused, match="your own second factors"):
        people.reset_second_factors(actor=school.administrator, person=school.administrator)
    assert not people.reset_second_factors(actor=school.administrator, person=school.teacher)
    assert actions() == []


def test_passkey_options_need_no_account_and_wrong_answers_are_refused(school):
    client = Client()
    found = client.get("/sign-in/passkey/", headers={"Accept": "application/json"}).json()
    options = found["request_options"]["publicKey"]
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")
    for answer in ("", "{}", "[]", "1", "x", '{"id": "x"}', '{"response": {"userHandle": "MQ"}}'):
        assert client.post("/sign-in/passkey/", {"credential": answer})["Location"] == "/sign-in/"
        assert not is_signed_in(client)
