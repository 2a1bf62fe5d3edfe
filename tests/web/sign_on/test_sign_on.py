"""Sign in through a real OpenID Connect provider: who gets in, with which role, and why others do not."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.audit.models import Entry
from classroom_admin.environment import sign_on
from classroom_admin.realtime.rights import SIGNED_OUT, Refused, authorise, read
from tests.accounts.test_confirmation import make_older
from tests.sign_on_provider import come_back, sign_in

BERG = {"email": "Berg@school.test", "email_verified": True, "name": "Frau Berg"}
NEW = {"email": "new@school.test", "email_verified": True, "name": "Nuria Nueva", "locale": "es-ES"}


def who(client: Client) -> str:
    """Return the address of the person who is signed in, or ""."""
    return getattr(client.get("/").wsgi_request.user, "email", "")


def in_environment(issuer: str, label: str) -> dict:
    """Return the values of a provider, as the settings have them."""
    given = {
        "OIDC_X_ISSUER": issuer,
        "OIDC_X_LABEL": label,
        "OIDC_X_CLIENT_ID": "x",
        "OIDC_X_CLIENT_SECRET": "y",
    }
    return sign_on.read(sign_on.OidcProvider, ["x"], given)["x"]


def reason() -> str:
    """Return the code of the last failed sign-in."""
    entry = Entry.objects.filter(action="account.sign_in_failed").first()
    return entry.steps.get().detail["reason"]["code"] if entry else ""


def actions() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("action", flat=True))


def test_person_with_verified_address_joins_the_existing_account(provider, row, teacher):
    provider.person("berg", **BERG, groups=["teachers"])
    client = Client()
    answer = sign_in(provider, client, "school", "berg")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert who(client) == "berg@school.test"
    account = SocialAccount.objects.get()
    assert (account.user, account.uid, account.provider) == (teacher, "berg", provider.url)
    assert account.extra_data == {}
    assert actions() == ["sign_on.connect", "account.sign_in"]
    assert Entry.objects.first().params == {"through": "School account"}
    teacher.refresh_from_db()
    assert teacher.check_password("quiet-otter-lamp")


def test_school_sign_on_counts_as_second_factor_only_by_setting(provider, row, teacher, settings):
    settings.SECOND_FACTOR = "everyone"
    provider.person("berg", **BERG)
    client, other = Client(), Client()
    sign_in(provider, client, "school", "berg")
    other.force_login(teacher)
    for counts, status in ((False, 302), (True, 200)):
        settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR = counts
        answer = client.get("/")
        assert answer.status_code == status
        assert counts or answer["Location"].startswith("/account/second-factor/")
        assert other.get("/").status_code == 302
    right = authorise(client.session.session_key, None)[1]  # for updates of the open page
    assert not read([right]).refusal(right)
    settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR = False
    assert read([right]).refusal(right) == SIGNED_OUT
    with pytest.raises(Refused):
        authorise(other.session.session_key, None)


def test_sign_on_of_one_session_is_no_second_factor_of_another(provider, row, teacher, settings):
    provider.person("berg", **BERG)
    client, other = Client(), Client()
    sign_in(provider, client, "school", "berg")
    other.force_login(teacher)
    both = [authorise(one.session.session_key, None)[1] for one in (client, other)]  # two open pages
    settings.SECOND_FACTOR, settings.SIGN_ON_COUNTS_AS_SECOND_FACTOR = "everyone", True
    for order in (both, both[::-1]):
        now = read(order)
        assert [now.refusal(right) for right in both] == ["", SIGNED_OUT]


def test_request_to_the_provider_has_state_nonce_and_pkce(provider, row, settings):
    settings.PUBLIC_URL = "https://classes.school.test"
    asked = Client().get("/sign-in/school/school/")["Location"]
    query = {name: value[0] for name, value in parse_qs(urlsplit(asked).query).items()}
    assert asked.startswith(f"{provider.url}/oauth2/authorize?")
    assert query["redirect_uri"] == "https://classes.school.test/sign-in/school/school/callback/"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert len(query["nonce"]) == 32
    assert set(query["scope"].split()) == {"openid", "profile", "email"}
    assert "secret" not in asked


@pytest.mark.parametrize(
    ("following", "to"),
    [
        ("/people/", "/people/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://localhost/", "/"),  # in ALLOWED_HOSTS, but not the host of the request
        ("http://127.0.0.1:8000/", "/"),
    ],
)
def test_sign_in_leads_back_to_a_safe_page(provider, row, teacher, following, to):
    provider.person("berg", **BERG)
    assert sign_in(provider, Client(), "school", "berg", following)["Location"] == to


def test_person_without_a_password_confirms_a_change_at_the_provider(provider, row, change, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    change(create_accounts=True)
    provider.person("new", **NEW, groups=["it"])
    client = Client()
    sign_in(provider, client, "school", "new")
    make_older(client, 1000)
    person = {"name": "A", "email": "a@school.test", "role": "teacher", "user_uuids": ""}
    page = client.post("/people/new/", person, headers={"Referer": "http://testserver/people/new/"})
    assert not User.objects.filter(email="a@school.test").exists()
    shown = client.get(page["Location"]).content.decode()
    [link] = re.findall(r'href="(/sign-in/school/[^"]*)"', shown)
    before = client.session.session_key
    asked = client.get(unescape(link))["Location"]
    assert parse_qs(urlsplit(asked).query)["prompt"] == ["login"]
    assert come_back(client, provider.agree(asked, "new"))["Location"] == "/people/new/"
    assert client.session.session_key != before
    assert client.post("/people/new/", person).status_code == 200
    assert User.objects.filter(email="a@school.test").exists()


def test_confirmation_as_another_person_signs_in_as_that_person(provider, row, teacher, change, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    change(create_accounts=True)
    provider.person("new", **NEW, groups=["it"])
    provider.person("berg", **BERG)
    client = Client()
    sign_in(provider, client, "school", "new")
    make_older(client, 1000)
    asked = client.get("/sign-in/school/school/?again=1&next=/people/new/")["Location"]
    come_back(client, provider.agree(asked, "berg"))
    assert who(client) == "berg@school.test"
    assert client.post("/people/new/", {"name": "A"}).status_code == 404


def test_sign_in_page_links_to_the_provider_and_keeps_next(row):
    page = Client().get("/sign-in/?next=/people/").content.decode()
    assert 'href="/sign-in/school/school/?next=%2Fpeople%2F"' in page
    assert "School account" in page


def test_person_is_known_by_the_subject_when_the_address_changes(provider, row, teacher):
    provider.person("berg", **BERG)
    sign_in(provider, Client(), "school", "berg")
    provider.person("berg", email="renamed@school.test", email_verified=False)
    client = Client()
    sign_in(provider, client, "school", "berg")
    assert who(client) == "berg@school.test"


def test_account_is_never_joined_by_an_address_that_is_not_verified(provider, row, teacher, change):
    change(create_accounts=True)
    for number, verified in enumerate((False, None, "no")):
        provider.person(f"thief{number}", email="berg@school.test", email_verified=verified, groups=["it"])
        client = Client()
        answer = sign_in(provider, client, "school", f"thief{number}")
        assert answer.status_code == 403
        assert "did not confirm that berg@school.test is your address" in answer.content.decode()
        assert reason() == "sign_on_email_not_verified"
        assert who(client) == ""
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("account", "claimed"),
    [
        ("kim@school.test", "\N{KELVIN SIGN}im@school.test"),  # its small letter is an ordinary k
        ("kim@school.test", "k\N{LATIN SMALL LETTER DOTLESS I}m@school.test"),
        ("sam@school.test", "\N{LATIN SMALL LETTER LONG S}am@school.test"),
        ("kim@city.test", "kim@c\N{LATIN SMALL LETTER DOTLESS I}ty.test"),  # a domain of somebody else
        ("kim@city.test", "kim@city.test.evil.test"),
        ("kim@city.test", "kim@city.test\n@evil.test"),
    ],
)
def test_address_with_similar_letters_does_not_open_the_account(provider, row, account, claimed):
    User.objects.create_user(account, "x", name="Kim")
    provider.person("similar", email=claimed, email_verified=True, groups=["it"])
    client = Client()
    assert sign_in(provider, client, "school", "similar").status_code == 403
    assert not SocialAccount.objects.exists()
    assert who(client) == ""


def test_subject_of_another_provider_does_not_open_the_account(provider, row, teacher, settings):
    SocialAccount.objects.create(user=teacher, provider="https://other.example", uid="berg")
    provider.person("berg", email="stranger@school.test", email_verified=True, groups=["it"])
    client = Client()
    assert sign_in(provider, client, "school", "berg").status_code == 403
    assert (reason(), who(client)) == ("sign_on_no_account", "")


def test_refused_answers_do_not_flood_the_audit_log(row):
    callback = "/sign-in/school/school/callback/"
    for number in range(60):
        query = {"error": f"e{number}"} if number % 2 else {"state": "invented", "code": "x"}
        assert Client().get(callback, query).status_code == 403
    assert Entry.objects.filter(action="account.sign_in_failed").count() <= 30


def test_address_that_the_school_gave_to_another_person_does_not_open_the_account(provider, row, teacher):
    provider.person("berg", **BERG)
    sign_in(provider, Client(), "school", "berg")
    provider.person("successor", **BERG)
    client = Client()
    assert sign_in(provider, client, "school", "successor").status_code == 403
    assert reason() == "sign_on_connected_otherwise"
    assert who(client) == ""


def test_no_account_is_created_by_default(provider, row):
    provider.person("new", **NEW, groups=["teachers"])
    answer = sign_in(provider, Client(), "school", "new")
    assert answer.status_code == 403
    assert "There is no account for new@school.test" in answer.content.decode()
    assert reason() == "sign_on_no_account"
    assert not User.objects.exists()


def test_account_is_created_by_a_rule(provider, row, change):
    change(create_accounts=True)
    provider.person("new", **NEW, groups=["teachers"], staff_id="nuria-7")
    client = Client()
    sign_in(provider, client, "school", "new")
    assert who(client) == "new@school.test"
    made = User.objects.get()
    assert (made.name, made.role, made.language) == ("Nuria Nueva", "teacher", "es")
    assert not made.has_usable_password()
    assert [one.user_uuid for one in made.identities.all()] == ["nuria-7"]
    assert actions() == ["sign_on.create", "sign_on.cloud_id", "account.sign_in"]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({**NEW, "groups": ["parents"]}, "sign_on_no_rule"),
        ({**NEW, "email_verified": False, "groups": ["teachers"]}, "sign_on_email_not_verified"),
        ({"groups": ["teachers"]}, "sign_on_no_email"),
        ({"email": "no address", "email_verified": True, "groups": ["teachers"]}, "sign_on_no_email"),
        ({"email": "kid@students.school.test", "email_verified": True}, "sign_on_group_refused"),
    ],
)
def test_account_is_not_created_for_others(provider, row, change, claims, code):
    change(create_accounts=True)
    provider.person("x", **claims)
    answer = sign_in(provider, Client(), "school", "x")
    assert answer.status_code == 403
    assert reason() == code
    assert not User.objects.exists()


def test_role_follows_the_groups_at_each_sign_in(provider, row, change):
    change(create_accounts=True)
    User.objects.create_user("root@school.test", role="administrator")
    for groups, role in ((["teachers"], "teacher"), (["it"], "administrator"), (["teachers"], "teacher")):
        provider.person("new", **NEW, groups=groups)
        client = Client()
        sign_in(provider, client, "school", "new")
        assert User.objects.get(email=who(client)).role == role
    assert Entry.objects.filter(action="sign_on.role").first().params["role"] == {
        "from": "administrator",
        "to": "teacher",
    }
    provider.person("new", **NEW, groups=[])
    client = Client()
    assert "You are no longer in a group" in sign_in(provider, client, "school", "new").content.decode()
    assert who(client) == ""


def test_appointed_administrator_keeps_the_role_unless_the_rule_says_always(provider, row, change):
    head = User.objects.create_user("berg@school.test", role="administrator")
    User.objects.create_user("root@school.test", role="administrator")
    provider.person("berg", **BERG, groups=["teachers"])
    sign_in(provider, Client(), "school", "berg")
    head.refresh_from_db()
    assert head.role == "administrator"
    change(rules="group teachers -> teacher always")
    sign_in(provider, Client(), "school", "berg")
    head.refresh_from_db()
    assert head.role == "teacher"


def test_last_administrator_keeps_the_role(provider, row, change):
    head = User.objects.create_user("berg@school.test", role="administrator")
    change(rules="group teachers -> teacher always")
    provider.person("berg", **BERG, groups=["teachers"])
    client = Client()
    sign_in(provider, client, "school", "berg")
    head.refresh_from_db()
    assert (head.role, who(client)) == ("administrator", "berg@school.test")


def test_cloud_user_id_of_another_person_is_not_taken(provider, row, teacher):
    other = User.objects.create_user("other@school.test")
    CloudIdentity.objects.create(user=other, user_uuid="frau-berg")
    provider.person("berg", **BERG, staff_id="frau-berg")
    sign_in(provider, Client(), "school", "berg")
    assert CloudIdentity.objects.get().user == other


def test_deactivated_account_does_not_get_in(provider, row, teacher):
    provider.person("berg", **BERG)
    sign_in(provider, Client(), "school", "berg")
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    client = Client()
    answer = sign_in(provider, client, "school", "berg")
    assert "This account is deactivated" in answer.content.decode()
    assert reason() == "account_deactivated"
    assert who(client) == ""


def test_first_password_of_an_administrator_ends_when_the_person_joins(provider, row, teacher):
    User.objects.filter(pk=teacher.pk).update(must_change_password=True)
    provider.person("berg", **BERG)
    client = Client()
    sign_in(provider, client, "school", "berg")
    assert client.get("/").status_code == 200
    teacher.refresh_from_db()
    assert not teacher.has_usable_password()


def test_answer_without_its_state_is_refused(provider, row, teacher):
    provider.person("berg", **BERG)
    started, other = Client(), Client()
    address = provider.agree(started.get("/sign-in/school/school/")["Location"], "berg")
    answer = come_back(other, address)  # another person's browser
    assert answer.status_code == 403
    assert "not started in this browser" in answer.content.decode()
    assert reason() == "sign_on_state"
    assert who(other) == ""
    come_back(started, address)
    assert who(started) == "berg@school.test"
    assert come_back(started, address).status_code == 403  # used twice


def test_answer_of_another_provider_is_refused(provider, row, teacher, settings):
    settings.OIDC_PROVIDERS = {"other": in_environment("https://other.example", "Other")}
    provider.person("berg", **BERG)
    client = Client()
    address = provider.agree(client.get("/sign-in/school/school/")["Location"], "berg")
    answer = come_back(client, address.replace("/school/school/", "/school/other/"))
    assert answer.status_code == 403
    assert reason() == "sign_on_state"


def test_cancelled_sign_in_is_explained(provider, row):
    client = Client()
    address = provider.deny(client.get("/sign-in/school/school/")["Location"])
    answer = come_back(client, address)
    assert "You cancelled the sign-in" in answer.content.decode()
    assert 'href="/sign-in/school/school/"' in answer.content.decode()


def test_error_of_the_provider_is_shown_without_markup(provider, row):
    client = Client()
    state = parse_qs(urlsplit(client.get("/sign-in/school/school/")["Location"]).query)["state"][0]
    answer = client.get("/sign-in/school/school/callback/", {"state": state, "error": "<b>server_error</b>"})
    assert "(bserver_errorb)" in answer.content.decode()


def test_code_that_the_provider_does_not_know_is_explained(provider, row):
    client = Client()
    state = parse_qs(urlsplit(client.get("/sign-in/school/school/")["Location"]).query)["state"][0]
    answer = client.get("/sign-in/school/school/callback/", {"state": state, "code": "guessed"})
    assert answer.status_code == 403
    assert reason() == "sign_on_code_refused"


def test_provider_that_is_down_is_explained_and_recorded(row, change):
    change(issuer="http://127.0.0.1:9")
    answer = Client().get("/sign-in/school/school/")
    assert answer.status_code == 403
    assert "sign-on doesn&#x27;t work at the moment" in answer.content.decode().replace("'", "&#x27;")
    assert reason() == "sign_on_unreachable"


def test_provider_that_is_off_or_unknown_has_no_page(row, change):
    assert Client().get("/sign-in/school/nothing/").status_code == 404
    change(is_on=False)
    assert Client().get("/sign-in/school/school/").status_code == 404
    assert "School account" not in Client().get("/sign-in/").content.decode()


def test_signed_in_person_is_not_sent_to_the_provider(row, teacher):
    client = Client()
    client.force_login(teacher)
    assert client.get("/sign-in/school/school/?next=/lists/")["Location"] == "/lists/"


def test_provider_of_the_environment_replaces_the_one_of_the_page(provider, row, teacher, settings):
    provider.person("berg", **BERG)
    sign_in(provider, Client(), "school", "berg")
    settings.OIDC_PROVIDERS = {"entra": in_environment(provider.url, "Entra")}
    page = Client().get("/sign-in/").content.decode()
    assert "Entra" in page
    assert "School account" not in page
    client = Client()
    sign_in(provider, client, "entra", "berg")
    assert who(client) == "berg@school.test"  # the same issuer, so the same accounts
