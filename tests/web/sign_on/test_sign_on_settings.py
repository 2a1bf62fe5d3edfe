"""The settings pages of school sign-on."""

import html
import re

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.audit.models import Entry
from classroom_admin.common.encryption import decrypt, encrypt
from tests.sign_on_provider import sign_in

SECRET = "hidden-lighthouse-9"
GIVEN = {
    "label": "Entra",
    "issuer": "https://login.school.test/v2.0",
    "client_id": "classroom",
    "secret": SECRET,
    "rules": "group it -> administrator\r\n\r\n  group teachers -> teacher ",
    "create_accounts": "on",
    "verified_domains": " @School.test, other.test ",
    "scopes": "profile email",
    "groups_claim": "roles",
    "cloud_id_claim": "",
    "language_claim": "locale",
}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("head@school.test", role="administrator"))
    return client


def text(answer) -> str:
    page = re.sub(r"<[^>]*>", " ", answer.content.decode().partition("<main")[2])
    return " ".join(html.unescape(page).split())


def test_provider_is_added_with_an_encrypted_secret(admin):
    answer = admin.post("/settings/sign-on/new/", GIVEN, follow=True)
    assert "Entra was saved." in text(answer)
    made = SignOnProvider.objects.get()
    assert decrypt(made.secret) == SECRET
    assert SECRET not in str(list(SignOnProvider.objects.values())) + str(list(Entry.objects.values()))
    assert SECRET not in admin.get(f"/settings/sign-on/{made.key}/").content.decode()
    assert made.rules == "group it -> administrator\ngroup teachers -> teacher"
    assert (made.scopes, made.verified_domains) == ("openid profile email", "school.test,other.test")
    assert made.is_on
    assert f"/sign-in/school/{made.key}/callback/" in text(answer)
    entry = Entry.objects.first()
    assert (entry.action, entry.target, entry.target_name) == (
        "sign_on.add_provider",
        GIVEN["issuer"],
        "Entra",
    )


def test_empty_secret_keeps_the_stored_one(admin, row):
    admin.post("/settings/sign-on/school/", GIVEN | {"secret": "", "label": "Renamed"})
    row.refresh_from_db()
    assert (row.label, decrypt(row.secret)) == ("Renamed", "a secret")
    assert "label" in Entry.objects.first().params["changed"]
    admin.post("/settings/sign-on/school/", GIVEN)
    row.refresh_from_db()
    assert decrypt(row.secret) == SECRET


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"issuer": "http://login.school.test"}, "Enter an address that begins with https://"),
        ({"issuer": "login.school.test"}, "Enter an address that begins with https://"),
        ({"issuer": ""}, "required"),
        ({"secret": ""}, "required"),
        ({"rules": "group teachers -> king"}, "Line 1: “king” is not a role. The roles are administrator"),
        ({"rules": "group a -> teacher\nteachers"}, "Line 2: write “->”"),
        ({"rules": "everyone -> teacher"}, "a rule for everyone can only refuse"),
    ],
)
def test_invalid_form_is_explained(admin, changed, says):
    answer = admin.post("/settings/sign-on/new/", GIVEN | changed)
    assert answer.status_code == 422
    assert says in text(answer)
    assert SECRET not in answer.content.decode()
    assert not SignOnProvider.objects.exists()


def test_issuer_occurs_only_once(admin, row):
    answer = admin.post("/settings/sign-on/new/", GIVEN | {"issuer": row.issuer})
    assert "There is already a school sign-on with this issuer." in text(answer)


def test_test_says_what_is_wrong(admin, row, change):
    answer = admin.post("/settings/sign-on/school/test/")
    assert "School account answers." in text(answer)
    assert "Only people who have an account already get in." in text(answer)
    change(create_accounts=True)
    change(issuer="http://127.0.0.1:9")
    answer = admin.post("/settings/sign-on/school/test/")
    assert (
        "School account does not work. http://127.0.0.1:9/.well-known/openid-configuration can't be reached."
        in (text(answer))
    )
    assert [entry.action for entry in Entry.objects.all()] == ["sign_on.test_provider"] * 2


def test_provider_is_switched_off_and_on(admin, row):
    answer = admin.post("/settings/sign-on/school/switch/", {"on": "0"}, follow=True)
    assert "Nobody can sign in with it." in text(answer)
    assert "School account" not in Client().get("/sign-in/").content.decode()
    assert "School account is now on." in text(
        admin.post("/settings/sign-on/school/switch/", {"on": "1"}, follow=True)
    )
    assert "School account" in Client().get("/sign-in/").content.decode()


def test_deleted_provider_leaves_accounts_without_connections(admin, provider, row, teacher):
    provider.person("berg", email="berg@school.test", email_verified=True)
    sign_in(provider, Client(), "school", "berg")
    assert SocialAccount.objects.exists()
    assert "all accounts are disconnected" in text(admin.get("/settings/sign-on/school/delete/"))
    admin.post("/settings/sign-on/school/delete/")
    assert not SocialAccount.objects.exists()
    assert User.objects.filter(pk=teacher.pk).exists()


def test_disconnected_person_can_be_connected_anew(admin, provider, row, teacher):
    provider.person("berg", email="berg@school.test", email_verified=True)
    sign_in(provider, Client(), "school", "berg")
    answer = admin.post("/settings/sign-on/disconnect/", {"email": "Berg@school.test"}, follow=True)
    assert "was disconnected" in text(answer)
    provider.person("berg2", email="berg@school.test", email_verified=True)
    sign_in(provider, Client(), "school", "berg2")
    assert SocialAccount.objects.get().uid == "berg2"
    for email, says in (("nobody@school.test", "no account"), ("head@school.test", "not connected")):
        answer = admin.post("/settings/sign-on/disconnect/", {"email": email}, follow=True)
        assert says in text(answer)


def test_secret_of_another_key_is_named_and_not_used(admin, row, settings):
    settings.SECRET_KEY = "another key"
    admin.force_login(User.objects.get(email="head@school.test"))
    assert "Its secret can't be decrypted." in text(admin.get("/settings/sign-on/"))
    assert "School account" not in Client().get("/sign-in/").content.decode()


def test_rotated_key_still_decrypts(row, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [old]
    assert "School account" in Client().get("/sign-in/").content.decode()
    assert decrypt(encrypt("x")) == "x"


def test_changes_need_a_recent_sign_in_and_the_secret_never_waits_in_the_session(admin, row, settings):
    head = User.objects.get(email="head@school.test")
    head.set_password("quiet-otter-lamp")
    head.save()
    admin.force_login(head)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    for address in ("/settings/sign-on/new/", "/settings/sign-on/school/"):
        assert admin.get(address)["Location"].startswith("/account/confirm/")
        assert admin.post(address, GIVEN)["Location"] == address
        assert SECRET not in str(admin.session.items())
    for name, form in (("switch", {"on": "0"}), ("delete", {})):
        answer = admin.post(f"/settings/sign-on/school/{name}/", form)
        assert answer["Location"].startswith("/account/confirm/")
    row.refresh_from_db()
    assert (row.label, row.is_on) == ("School account", True)
    assert SignOnProvider.objects.count() == 1
