"""The variables of school sign-on: each provider has its own, and mistakes are named without secrets."""

from importlib.util import find_spec

import pytest
from django.core.exceptions import ImproperlyConfigured

from classroom_admin.environment import sign_on
from classroom_admin.environment.variables import read
from tests.environment.test_variables import python

GIVEN = {
    "OIDC_ENTRA_ISSUER": "https://login.school.example/v2.0",
    "OIDC_ENTRA_CLIENT_ID": " 'abc' ",
    "OIDC_ENTRA_CLIENT_SECRET": "'$ecret~#",
}


def problem(names: list[str], given: dict[str, str], kind: type = sign_on.OidcProvider) -> str:
    with pytest.raises(ImproperlyConfigured) as wrong:
        sign_on.read(kind, names, given)
    return str(wrong.value)


def test_values_of_a_provider_are_read():
    more = {
        "OIDC_ENTRA_RULES": "group a;b -> teacher ; group it -> administrator".replace("a;b", "a"),
        "OIDC_ENTRA_CREATE_ACCOUNTS": "yes",
        "OIDC_ENTRA_VERIFIED_DOMAINS": "School.example, @other.example",
    }
    found = sign_on.read(sign_on.OidcProvider, ["entra"], GIVEN | more)["entra"]
    assert found["client_id"] == "abc"
    assert found["client_secret"] == "'$ecret~#"
    assert found["rules"] == "group a -> teacher\ngroup it -> administrator"
    assert found["create_accounts"] is True
    assert found["verified_domains"] == ("school.example", "other.example")
    assert (found["groups_claim"], found["scopes"]) == ("groups", "openid profile email")


def test_several_providers_are_read():
    more = {name.replace("ENTRA", "GOOGLE"): value for name, value in GIVEN.items()}
    assert set(sign_on.read(sign_on.OidcProvider, ["entra", "google"], GIVEN | more)) == {"entra", "google"}


@pytest.mark.parametrize("name", list(GIVEN))
def test_missing_variable_is_named(name):
    given = {other: value for other, value in GIVEN.items() if other != name}
    assert problem(["entra"], given) == f"{name} is missing."
    assert problem(["entra"], GIVEN | {name: "  "}) == f"{name} is missing."


def test_variable_of_an_unknown_provider_is_named():
    assert problem([], GIVEN).startswith(
        "OIDC_ENTRA_CLIENT_ID is set, but OIDC_PROVIDERS does not contain entra."
    )


def test_misspelled_variable_is_named():
    words = problem(["entra"], GIVEN | {"OIDC_ENTRA_RULE": "x"})
    assert words.startswith("OIDC_ENTRA_RULE is unknown. The variables of a provider end with CLIENT_ID, ")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ISSUER", "http://login.school.example", "it must begin with https://"),
        ("ISSUER", "login.school.example", "it must be like https://login.school.example"),
        ("ISSUER", "https://a.example?x=1", "it must be like"),
        ("RULES", "group teachers -> teacher; teachers", "line 2: a rule needs"),
        ("CREATE_ACCOUNTS", "perhaps", "it must be true or false"),
    ],
)
def test_invalid_value_is_named_without_the_secret(name, value, says):
    words = problem(["entra"], GIVEN | {f"OIDC_ENTRA_{name}": value})
    assert words.startswith(f"OIDC_ENTRA_{name} is {value!r}: ")
    assert says in words
    assert "$ecret" not in words


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9400", "http://localhost:80/x", "http://[::1]:9"])
def test_http_is_allowed_on_this_machine(issuer):
    given = GIVEN | {"OIDC_ENTRA_ISSUER": issuer}
    assert sign_on.read(sign_on.OidcProvider, ["entra"], given)["entra"]["issuer"] == issuer


def test_saml_provider_is_read():
    given = {
        "SAML_ADFS_ENTITY_ID": "urn:adfs",
        "SAML_ADFS_SIGN_IN_URL": "https://adfs.school.example/sso",
        "SAML_ADFS_CERTIFICATE": "MIIC",
    }
    found = sign_on.read(sign_on.SamlProvider, ["adfs"], given)["adfs"]
    assert (found["entity_id"], found["email_claim"]) == ("urn:adfs", "email")
    assert problem(["adfs"], {}, sign_on.SamlProvider).splitlines()[0] == "SAML_ADFS_ENTITY_ID is missing."


@pytest.mark.parametrize(("text", "names"), [("Entra, google", ("entra", "google")), ("", ())])
def test_names_of_providers_are_read(text, names):
    assert names == read({"OIDC_PROVIDERS": text}).OIDC_PROVIDERS


@pytest.mark.parametrize("text", ["a b", "a-b", "1a", "a,a", "a_b", "../x"])
def test_invalid_names_are_refused(text):
    with pytest.raises(ImproperlyConfigured, match="OIDC_PROVIDERS is "):
        read({"OIDC_PROVIDERS": text})


@pytest.mark.skipif(find_spec("onelogin") is not None, reason="python3-saml is installed")
def test_saml_without_its_package_stops_the_start(tmp_path):
    given = {
        "SAML_PROVIDERS": "adfs",
        "SAML_ADFS_ENTITY_ID": "http://adfs.school.example/trust",
        "SAML_ADFS_SIGN_IN_URL": "https://adfs.school.example/ls/",
        "SAML_ADFS_CERTIFICATE": "MIIC",
        "DATA_DIR": str(tmp_path),
    }
    done = python("-c", "import django; django.setup()", **given)
    assert done.returncode != 0
    assert "python3-saml" in done.stderr
    without = python("-c", "import django; django.setup()", DATA_DIR=str(tmp_path))
    assert without.returncode == 0, without.stderr
