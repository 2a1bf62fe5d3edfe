"""The emergency link, and the switch that leaves only school sign-on."""

from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from classroom_admin.accounts.models import EmergencyLink, User
from classroom_admin.accounts.sign_on import EMERGENCY
from classroom_admin.audit.models import Entry
from tests.sign_on_provider import sign_in

PASSWORD = "quiet-otter-lamp"


@pytest.fixture
def head(db: None) -> User:
    return User.objects.create_user("head@school.test", PASSWORD, role="administrator", name="Head")


def link(email: str = "Head@school.test") -> str:
    out, err = StringIO(), StringIO()
    call_command("emergency_login", email, stdout=out, stderr=err)
    assert "works once, for 15 minutes" in err.getvalue()
    return out.getvalue().strip()


def signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_link_signs_the_administrator_in_once(head, settings):
    settings.SIGN_ON_ONLY = True
    address = urlsplit(link()).path
    client, other = Client(), Client()
    assert "Sign in now" in client.get(address).content.decode()  # looking at it does not use it up
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    page = client.get("/")
    assert "You signed in with an emergency link" in page.content.decode()
    assert recorded(client) == [EMERGENCY]
    assert other.post(address).status_code == 410
    assert other.get(address).status_code == 410
    assert not signed_in(other)
    made = Entry.objects.order_by("id").values_list("action", "actor", "target")
    assert list(made) == [
        ("sign_on.emergency_link", None, "head@school.test"),
        ("sign_on.emergency_sign_in", head.pk, "head@school.test"),
        ("account.sign_in", head.pk, "head@school.test"),
    ]
    assert "Head" in client.get("/settings/sign-on/").content.decode().partition("Emergency sign-ins")[2]


def recorded(client: Client) -> list[str]:
    """Return how the person of this browser signed in."""
    return [record["method"] for record in client.session["account_authentication_methods"]]


def test_link_signs_in_also_where_another_person_is_signed_in(head, settings):
    settings.SIGN_ON_ONLY = True
    other = User.objects.create_user("other@school.test", "x", role="teacher")
    client = Client()
    client.force_login(other, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.post(urlsplit(link()).path)
    assert client.get("/").wsgi_request.user == head
    assert recorded(client) == [EMERGENCY]


def test_address_begins_with_the_public_address(head, settings):
    settings.PUBLIC_URL = "https://classes.school.test"
    assert link().startswith("https://classes.school.test/sign-in/emergency/")


def test_only_the_hash_of_the_code_is_stored(head):
    code = link().rstrip("/").rpartition("/")[2]
    assert code not in str(list(EmergencyLink.objects.values())) + str(list(Entry.objects.values()))


def test_link_expires(head):
    address = urlsplit(link()).path
    EmergencyLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client = Client()
    answer = client.post(address)
    assert answer.status_code == 410
    assert "It works once, within 15 minutes" in answer.content.decode()
    assert not signed_in(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "teacher"}])
def test_link_ends_with_the_rights_of_the_person(head, change):
    address = urlsplit(link()).path
    User.objects.filter(pk=head.pk).update(**change)
    client = Client()
    assert client.post(address).status_code == 410
    assert not signed_in(client)


def test_form_needs_a_csrf_token(head):
    client = Client(enforce_csrf_checks=True)
    assert client.post(urlsplit(link()).path).status_code == 403


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("nobody@school.test", "no account"),
        ("teacher@school.test", "no administrator"),
        ("gone@school.test", "deactivated"),
    ],
)
def test_link_is_only_for_active_administrators(db, email, says):
    User.objects.create_user("teacher@school.test")
    User.objects.create_user("gone@school.test", role="administrator", is_active=False)
    with pytest.raises(CommandError, match=says):
        call_command("emergency_login", email)
    assert not EmergencyLink.objects.exists()


def test_only_school_sign_on_hides_and_refuses_passwords(provider, row, head, settings):
    settings.SIGN_ON_ONLY = True
    page = Client().get("/sign-in/").content.decode()
    assert "School account" in page
    assert 'type="password"' not in page
    client = Client()
    answer = client.post("/sign-in/", {"login": "head@school.test", "password": PASSWORD})
    assert answer.status_code == 403
    assert "only school sign-on" in answer.content.decode()
    assert not signed_in(client)
    provider.person("head", email="head@school.test", email_verified=True)
    sign_in(provider, client, "school", "head")
    assert signed_in(client)
    assert client.get("/account/password/").status_code == 403


def test_only_school_sign_on_without_a_provider_names_the_way_in(head, settings):
    settings.SIGN_ON_ONLY = True
    assert "manage.py emergency_login" in Client().get("/sign-in/").content.decode()


def test_passwords_are_accepted_beside_school_sign_on(row, head):
    client = Client()
    client.post("/sign-in/", {"login": "head@school.test", "password": PASSWORD})
    assert signed_in(client)
