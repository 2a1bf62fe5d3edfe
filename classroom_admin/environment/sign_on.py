"""Read the variables of each provider of school sign-on.

`OIDC_PROVIDERS=entra` announces a provider with the name `entra`. Its variables begin with `OIDC_ENTRA_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from django.core.exceptions import ImproperlyConfigured
from pydantic import AfterValidator, BeforeValidator, ValidationError

from classroom_admin.accounts import sign_on_mapping
from classroom_admin.common.addresses import is_loopback, is_web_address
from classroom_admin.environment.fields import Section, plain, variable
from classroom_admin.environment.variables import in_words

ISSUER_LENGTH: Final = 180
Kind = TypeVar("Kind", bound=Section)


def secure_address(text: str) -> str:
    """Return an address that begins with https. http is allowed only for this machine."""
    text = text.strip()
    if not is_web_address(text) or len(text) > ISSUER_LENGTH or any(sign in text for sign in "?#@ "):
        raise ValueError("it must be like https://login.school.example")
    scheme, _colon, rest = text.partition("://")
    host = re.sub(r"[/:].*", "", rest) if not rest.startswith("[") else rest[1:].partition("]")[0]
    if scheme != "https" and not is_loopback(host.lower()):
        raise ValueError("it must begin with https://, because http can be read and changed on the way")
    return text


def _rules(text: str) -> str:
    """Return rules with one rule on each line. In the environment, a semicolon may also end a rule."""
    lines = "\n".join(part.strip() for part in re.split(r"[;\n]", text))
    sign_on_mapping.parse(lines)
    return lines


def _domains(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower().removeprefix("@") for part in text.split(",") if part.strip())


Issuer = Annotated[str, AfterValidator(secure_address)]
Rules = Annotated[str, AfterValidator(_rules)]
Domains = Annotated[tuple[str, ...], BeforeValidator(_domains)]
RULES_MEANING: Final = (
    "The rules that give roles, separated by semicolons or line ends, such as "
    "`group Teachers -> teacher; group IT -> administrator`"
)
CREATE_MEANING: Final = (
    "`true`: create an account when a person to whom a rule gives a role signs in for the first time"
)
DOMAINS_MEANING: Final = (
    "Email domains of which the provider verifies every address, although it does not say so, "
    "separated by commas"
)
IDENTITY_MEANING: Final = "The claim with the person's cloud user id; empty: none"
LANGUAGE_MEANING: Final = "The claim with the person's language"


class OidcProvider(Section):
    """The variables of a provider that speaks OpenID Connect."""

    title = "Each OpenID Connect provider"
    intro = (
        "Write the provider's name from `OIDC_PROVIDERS` in capital letters instead of `NAME`: "
        "`OIDC_PROVIDERS=entra` needs `OIDC_ENTRA_ISSUER`."
    )

    OIDC_NAME_ISSUER: Issuer = variable("The issuer address of the provider; required", None)
    OIDC_NAME_CLIENT_ID: str = variable(
        "The client id that the provider gave to the dashboard; required", None
    )
    OIDC_NAME_CLIENT_SECRET: str = variable("The secret of that client id; required", None, secret="literal")
    OIDC_NAME_LABEL: str = variable("The name that the sign-in page shows", shown="the provider's name")
    OIDC_NAME_SCOPES: str = variable("The scopes to ask for, separated by spaces", "openid profile email")
    OIDC_NAME_GROUPS_CLAIM: str = variable("The claim with the person's groups", "groups")
    OIDC_NAME_RULES: Rules = variable(RULES_MEANING)
    OIDC_NAME_CREATE_ACCOUNTS: bool = variable(CREATE_MEANING, False)
    OIDC_NAME_VERIFIED_DOMAINS: Domains = variable(DOMAINS_MEANING, ())
    OIDC_NAME_CLOUD_ID_CLAIM: str = variable(IDENTITY_MEANING)
    OIDC_NAME_LANGUAGE_CLAIM: str = variable(LANGUAGE_MEANING, "locale")


class SamlProvider(Section):
    """The variables of a provider that speaks SAML 2.0."""

    title = "Each SAML provider"
    intro = (
        "Write the provider's name from `SAML_PROVIDERS` in capital letters instead of `NAME`. "
        "SAML needs further packages ([school sign-on](sign-on.md#saml-20))."
    )

    SAML_NAME_ENTITY_ID: str = variable("The entity id of the provider; required", None)
    SAML_NAME_SIGN_IN_URL: Issuer = variable(
        "The provider's address for sign-in requests (HTTP redirect binding); required", None
    )
    SAML_NAME_CERTIFICATE: str = variable(
        "The provider's signing certificate, as in its metadata: base64 without header lines; required", None
    )
    SAML_NAME_LABEL: str = variable("The name that the sign-in page shows", shown="the provider's name")
    SAML_NAME_EMAIL_CLAIM: str = variable("The attribute with the email address", "email")
    SAML_NAME_NAME_CLAIM: str = variable("The attribute with the person's name", "displayName")
    SAML_NAME_GROUPS_CLAIM: str = variable("The attribute with the person's groups", "groups")
    SAML_NAME_RULES: Rules = variable(RULES_MEANING)
    SAML_NAME_CREATE_ACCOUNTS: bool = variable(CREATE_MEANING, False)
    SAML_NAME_VERIFIED_DOMAINS: Domains = variable(DOMAINS_MEANING, ())
    SAML_NAME_CLOUD_ID_CLAIM: str = variable(IDENTITY_MEANING)
    SAML_NAME_LANGUAGE_CLAIM: str = variable(LANGUAGE_MEANING, "preferredLanguage")


def read(kind: type[Kind], names: Sequence[str], environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the values of each provider, by the end of the variable's name in lower case, such as `issuer`.

    Raise ImproperlyConfigured if a required variable is missing, a value is invalid, or a variable with the
    prefix is unknown. The message names the variable, but never contains a secret.
    """
    prefix = next(iter(kind.model_fields)).partition("NAME_")[0]
    wrong: list[str] = list(_unknown(kind, prefix, names, environ))
    found = {}
    for name in names:
        own = f"{prefix}{name.upper()}_"
        given = {
            field: text if extra["literal"] else plain(text)
            for field, extra in _fields(kind)
            if (text := environ.get(field.replace(f"{prefix}NAME_", own), "")).strip()
        }
        missing = [
            field
            for field in kind.model_fields
            if kind.model_fields[field].default is None and field not in given
        ]
        wrong += [f"{field.replace(f'{prefix}NAME_', own)} is missing." for field in missing]
        if missing:
            continue
        try:
            values = kind.model_validate(given)
        except ValidationError as errors:
            wrong += [
                one.replace(f"{prefix}NAME_", own) for one in in_words(errors, given, kind.model_fields)
            ]
            continue
        found[name] = {
            field.removeprefix(f"{prefix}NAME_").lower(): getattr(values, field)
            for field in kind.model_fields
        }
    if wrong:
        raise ImproperlyConfigured("\n".join(wrong))
    return found


def _fields(kind: type[Section]) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((name, field.json_schema_extra) for name, field in kind.model_fields.items())  # type: ignore[misc]


def _unknown(
    kind: type[Section], prefix: str, names: Sequence[str], environ: Mapping[str, str]
) -> Iterable[str]:
    ends = {field.removeprefix(f"{prefix}NAME_") for field in kind.model_fields}
    for variable_name in sorted(environ):
        if not variable_name.startswith(prefix) or variable_name == f"{prefix}PROVIDERS":
            continue
        name, _line, end = variable_name.removeprefix(prefix).partition("_")
        if name.lower() not in names:
            yield f"{variable_name} is set, but {prefix}PROVIDERS does not contain {name.lower()}."
        elif end not in ends:
            known = ", ".join(sorted(ends))
            yield f"{variable_name} is unknown. The variables of a provider end with {known}."
