"""Sign in through a real OpenID Connect provider: who gets in, with which role, and why others do not."""

from allauth.socialaccount.models import SocialAccount
from django.test import Client

from classroom_admin.accounts.sign_on import signed_in_through_school
from classroom_admin.audit.models import Entry
from tests.sign_on_provider import sign_in

BERG = {"email": "Berg@school.test", "email_verified": True, "name": "Frau Berg"}


def who(client: Client) -> str:
    """Return the address of the person who is signed in, or ""."""
    return getattr(client.get("/").wsgi_request.user, "email", "")


def reason() -> str:
    entry = Entry.objects.filter(action="account.sign_in_failed").first()
    return entry.steps.get().detail["reason"]["code"] if entry else ""


def test_person_with_verified_address_joins_the_existing_account(provider, row, teacher):
    provider.person("berg", **BERG, groups=["teachers"])
    client = Client()
    answer = sign_in(provider, client, "school", "berg")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert who(client) == "berg@school.test"
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.provider, account.extra_data) == (
        teacher,
        "berg",
        provider.url,
        {},
    )
    assert signed_in_through_school(client.get("/").wsgi_request)
    actions = list(Entry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["sign_on.connect", "account.sign_in"]
    assert Entry.objects.first().params == {"through": "School account"}
    teacher.refresh_from_db()
    assert teacher.check_password("quiet-otter-lamp")
