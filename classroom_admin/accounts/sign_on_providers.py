"""The providers of school sign-on: those in the environment, then those of the settings page.

If both have the same issuer, the environment counts, and the one of the settings page is not used.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings

from classroom_admin.accounts import sign_on_mapping
from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.common.encryption import Undecipherable, decrypt

log: Final = logging.getLogger(__name__)
OIDC: Final = "openid_connect"
SAML: Final = "saml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of school sign-on. `key` is its name in addresses. `issuer` identifies it forever.

    Accounts are connected with the pair of `issuer` and the provider's id of the person, so a provider with
    another issuer never opens them.
    """

    key: str
    kind: str
    label: str
    issuer: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid profile email"
    groups_claim: str = "groups"
    rules: tuple[sign_on_mapping.Rule, ...] = ()
    create_accounts: bool = False
    verified_domains: tuple[str, ...] = ()
    cloud_id_claim: str = ""
    language_claim: str = ""
    is_from_environment: bool = False
    saml: Mapping[str, str] = field(default_factory=dict)


def active() -> list[Provider]:
    """Return the providers with which people can sign in now, in the order of the sign-in page."""
    found = from_environment()
    issuers = {provider.issuer for provider in found}
    for row in SignOnProvider.objects.filter(is_on=True):
        provider = None if row.issuer in issuers else from_row(row)
        if provider:
            found.append(provider)
    return found


def by_key(key: str) -> Provider | None:
    """Return the active provider with this name in addresses, or None."""
    return next((provider for provider in active() if provider.key == key), None)


def from_environment() -> list[Provider]:
    """Return the providers that the environment defines."""
    oidc = [
        _from_values(name, OIDC, values, client_id=values["client_id"], client_secret=values["client_secret"],
                     scopes=values["scopes"])
        for name, values in settings.OIDC_PROVIDERS.items()
    ]  # fmt: skip
    return oidc + [
        _from_values(
            name,
            SAML,
            {**values, "issuer": values["entity_id"]},
            saml={part: values[part] for part in ("sign_in_url", "certificate", "email_claim", "name_claim")},
        )
        for name, values in settings.SAML_PROVIDERS.items()
    ]


def _from_values(key: str, kind: str, values: Mapping[str, Any], **more: Any) -> Provider:
    return Provider(
        key=key,
        kind=kind,
        label=values["label"] or key,
        issuer=values["issuer"],
        groups_claim=values["groups_claim"],
        rules=_known(sign_on_mapping.parse(values["rules"]), key),
        create_accounts=values["create_accounts"],
        verified_domains=values["verified_domains"],
        cloud_id_claim=values["cloud_id_claim"],
        language_claim=values["language_claim"],
        is_from_environment=True,
        **more,
    )


def from_row(row: SignOnProvider) -> Provider | None:
    """Return the provider of the settings page, or None if its secret or its rules can't be read."""
    try:
        secret = decrypt(row.secret)
        rules = sign_on_mapping.parse(row.rules)
    except (Undecipherable, sign_on_mapping.RuleProblem) as error:
        log.error("The sign-on provider %s is not used: %s", row.label, error)
        return None
    return Provider(
        key=row.key,
        kind=OIDC,
        label=row.label,
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=secret,
        scopes=row.scopes,
        groups_claim=row.groups_claim,
        rules=_known(rules, row.label),
        create_accounts=row.create_accounts,
        verified_domains=tuple(part for part in row.verified_domains.split(",") if part),
        cloud_id_claim=row.cloud_id_claim,
        language_claim=row.language_claim,
    )


def unknown_roles(rules: tuple[sign_on_mapping.Rule, ...]) -> list[str]:
    """Return the roles of rules that this version does not have."""
    known = {*User.Role.values, sign_on_mapping.REFUSED}
    return sorted({rule.role for rule in rules} - known)


def _known(rules: tuple[sign_on_mapping.Rule, ...], name: str) -> tuple[sign_on_mapping.Rule, ...]:
    """Return the rules. A rule with an unknown role refuses the people whom it names."""
    unknown = unknown_roles(rules)
    if not unknown:
        return rules
    log.error("Rules of the sign-on provider %s name roles that do not exist: %s", name, ", ".join(unknown))
    return tuple(
        sign_on_mapping.Rule(rule.kind, rule.value, sign_on_mapping.REFUSED, claim=rule.claim)
        if rule.role in unknown
        else rule
        for rule in rules
    )
