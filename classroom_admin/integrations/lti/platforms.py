"""Add, change, test and remove platforms, and replace our key. Each function records what it did.

Each function raises PermissionDenied if `actor` is no administrator.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from classroom_admin.accounts.models import User
from classroom_admin.accounts.sign_on_http import ProviderFailed, require_allowed
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.audit import record
from classroom_admin.common import clock
from classroom_admin.common.problems import Problem
from classroom_admin.integrations.lti import keys, services, tokens
from classroom_admin.integrations.lti.ids import digest_of
from classroom_admin.integrations.lti.models import Platform, RegistrationLink
from classroom_admin.integrations.lti.problem import LtiRefused

FIELDS: Final = (
    "label", "issuer", "client_id", "deployment_ids", "login_url", "token_url", "jwks_url", "token_audience",
    "frame_origins", "link_by_email", "create_accounts", "is_on",
)  # fmt: skip
ADDRESSES: Final = ("login_url", "token_url", "jwks_url")
REGISTRATION_VALID_FOR: Final = timedelta(hours=1)


def save_platform(*, actor: User, row: Platform | None, **values: Any) -> Platform:
    """Add a platform, or change `row`.

    Raise ActionRefused if another one has the same issuer and client id, or if an address must not be called.
    If the issuer of `row` changes, its accounts are no longer connected, because another issuer may give the
    same ids to other people.
    """
    _require_administrator(actor)
    others = Platform.objects.filter(issuer=values["issuer"], client_id=values["client_id"])
    if others.exclude(pk=row.pk if row else 0).exists():
        raise ActionRefused(
            gettext("There is already a platform with this issuer and client id."), "client_id"
        )
    for name in ADDRESSES:
        try:
            require_allowed(values["issuer"], values[name])
        except ProviderFailed as failure:
            raise ActionRefused(failure.problem, name) from failure
    with transaction.atomic():
        saved = row or Platform()
        before = {name: getattr(saved, name) for name in FIELDS} if row else {}
        for name in FIELDS:
            setattr(saved, name, values[name])
        saved.save()
        if row and before["issuer"] != saved.issuer:
            saved.accounts.all().delete()
        changed = sorted(name for name in FIELDS if row and before[name] != values[name])
        _record(
            actor,
            "lti.change_platform" if row else "lti.add_platform",
            saved,
            link_by_email=saved.link_by_email,
            create_accounts=saved.create_accounts,
            is_on=saved.is_on,
            **({"changed": changed} if row else {}),
        )
    return saved


def delete_platform(*, actor: User, row: Platform) -> None:
    """Remove a platform with its links to classes and accounts. Classes, lists and accounts stay."""
    _require_administrator(actor)
    with transaction.atomic():
        _record(actor, "lti.delete_platform", row)
        row.delete()


def test_platform(*, actor: User, row: Platform) -> Problem | None:
    """Read the platform's keys and get an access token. Return what is wrong, or None."""
    _require_administrator(actor)
    problem = None
    try:
        if not tokens.keys_of(row, fresh=True):
            raise LtiRefused("lti_no_key")
        services.access_token(row, [services.MEMBERS])
    except (LtiRefused, ProviderFailed) as failure:
        problem = failure.problem
    record.done(
        actor=actor,
        action="lti.test_platform",
        target=row.issuer,
        target_name=row.label,
        problem=problem,
    )
    return problem


def replace_key(*, actor: User) -> None:
    """Sign with a new key from now on. The earlier public key stays published for a time."""
    _require_administrator(actor)
    with transaction.atomic():
        made = keys.replace()
        record.done(actor=actor, action="lti.replace_key", target=made.kid)


def make_registration_link(*, actor: User, link_by_email: bool, create_accounts: bool) -> str:
    """Return the code of a new link with which a platform can register itself, once, within an hour.

    The other arguments are settings of this platform.
    """
    _require_administrator(actor)
    code = secrets.token_urlsafe(24)
    with transaction.atomic():
        RegistrationLink.objects.create(
            digest=digest_of(code),
            made_by=actor,
            valid_until=clock.now() + REGISTRATION_VALID_FOR,
            link_by_email=link_by_email,
            create_accounts=create_accounts,
        )
        params = {"link_by_email": link_by_email, "create_accounts": create_accounts}
        record.done(actor=actor, action="lti.registration_link", params=params)
    return code


def _require_administrator(actor: User) -> None:
    if not (actor.is_active and actor.is_administrator):
        raise PermissionDenied(gettext("Only administrators can change learning platforms."))


def _record(actor: User, action: str, row: Platform, **params: Any) -> None:
    record.done(actor=actor, action=action, target=row.issuer, target_name=row.label, params=params)
