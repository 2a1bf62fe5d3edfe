"""Add, change, test and delete the providers of school sign-on that administrators manage on a page.

Each function raises PermissionDenied if `actor` is no administrator, and records what it did. Secrets are
stored encrypted, and are never recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from classroom_admin.accounts.models import SignOnProvider, User
from classroom_admin.accounts.sign_on_http import ProviderFailed, discovery, get_json
from classroom_admin.accounts.sign_on_providers import Provider, from_environment
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common.encryption import encrypt
from classroom_admin.common.problems import Problem

FIELDS: Final = (
    "label", "issuer", "client_id", "scopes", "groups_claim", "rules", "create_accounts", "verified_domains",
    "cloud_id_claim", "language_claim",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """The result of a test. `problem` is what prevents sign-in, `warnings` are texts, `took_ms` is in ms."""

    problem: Problem | None = None
    warnings: list[str] = field(default_factory=list)


@sensitive_variables()
def save_provider(*, actor: User, row: SignOnProvider | None, secret: str, **values: Any) -> SignOnProvider:
    """Add a provider, or change `row`. An empty `secret` keeps the stored one.

    Raise ActionRefused if another provider has the same issuer. If the issuer of `row` changes, its accounts
    are no longer connected, because another issuer may give the same ids to other people.
    """
    _require_administrator(actor)
    with transaction.atomic():
        others = SignOnProvider.objects.filter(issuer=values["issuer"])
        if row is not None:
            others = others.exclude(pk=row.pk)
        taken = others.exists() or any(one.issuer == values["issuer"] for one in from_environment())
        if taken:
            raise ActionRefused(gettext("There is already a school sign-on with this issuer."), "issuer")
        saved = row or SignOnProvider()
        before = {name: getattr(saved, name) for name in FIELDS} if row else {}
        for name in FIELDS:
            setattr(saved, name, values[name])
        if secret:
            saved.secret = encrypt(secret)
        saved.save()
        changed = sorted(name for name in FIELDS if row and before[name] != values[name])
        _record(
            actor,
            "sign_on.change_provider" if row else "sign_on.add_provider",
            saved,
            issuer=saved.issuer,
            rules=saved.rules,
            create_accounts=saved.create_accounts,
            **({"changed": [*changed, *(["client"] if secret else [])]} if row else {}),
        )
    return saved


def switch_provider(*, actor: User, row: SignOnProvider, is_on: bool) -> None:
    """Switch a provider on or off. While it is off, nobody can sign in with it."""
    _require_administrator(actor)
    with transaction.atomic():
        SignOnProvider.objects.filter(pk=row.pk).update(is_on=is_on)
        _record(actor, "sign_on.switch_provider", row, is_on=is_on)


def delete_provider(*, actor: User, row: SignOnProvider) -> None:
    """Delete a provider and its connections to accounts. The accounts stay."""
    _require_administrator(actor)
    with transaction.atomic():
        SocialAccount.objects.filter(provider=row.issuer).delete()
        _record(actor, "sign_on.delete_provider", row, issuer=row.issuer)
        row.delete()


def disconnect(*, actor: User, email: str) -> User:
    """Remove the connections of an account with school sign-on, so that the person can be connected anew.

    Raise ActionRefused if the account has none.
    """
    _require_administrator(actor)
    with transaction.atomic():
        person = User.objects.filter(email__iexact=email.strip()).first()
        if person is None:
            raise ActionRefused(gettext("There is no account with this address."), "email")
        deleted, _rows = SocialAccount.objects.filter(user=person).delete()
        if not deleted:
            raise ActionRefused(gettext("This account is not connected with school sign-on."), "email")
        record.done(actor=actor, action="sign_on.disconnect", target=person.email, target_name=str(person))
    return person


def test_provider(*, actor: User, provider: Provider) -> TestReport:
    """Read the provider's configuration and keys, and report in words what is wrong. Change nothing."""
    _require_administrator(actor)
    try:
        report = TestReport(warnings=_warnings(provider, discovery(provider.issuer, fresh=True)))
    except ProviderFailed as failure:
        report = TestReport(problem=failure.problem)
    record.done(
        actor=actor,
        action="sign_on.test_provider",
        target=provider.issuer,
        target_name=provider.label,
        problem=report.problem,
    )
    return report


def _warnings(provider: Provider, config: Mapping[str, Any]) -> list[str]:
    if not get_json(provider.issuer, config["jwks_uri"]).get("keys"):
        raise ProviderFailed("sign_on_no_endpoint", name="jwks_uri")
    found = []
    scopes = config.get("scopes_supported")
    missing = set(provider.scopes.split()) - set(scopes) if isinstance(scopes, list) else set()
    if missing:
        found.append(
            gettext("The provider does not list these scopes: %(scopes)s.")
            % {"scopes": ", ".join(sorted(missing))}
        )
    methods = config.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        found.append(gettext("The provider does not list PKCE with S256. It must not refuse it."))
    if not provider.rules:
        found.append(gettext("There are no rules, so roles don't change, and no accounts are created."))
    elif not provider.create_accounts:
        found.append(gettext("Only people who have an account already get in."))
    return found


def _require_administrator(actor: User) -> None:
    if not (actor.is_active and actor.is_administrator):
        raise PermissionDenied(gettext("Only administrators can change school sign-on."))


def _record(actor: User, action: str, row: SignOnProvider, **params: Any) -> None:
    record.done(actor=actor, action=action, target=row.issuer, target_name=row.label, params=params)
