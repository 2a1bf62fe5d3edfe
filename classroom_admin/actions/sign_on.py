"""Admit people who come from school sign-on: find, connect, create and change their accounts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q

from classroom_admin.accounts import sign_on_mapping as mapping
from classroom_admin.accounts.models import CloudIdentity, User
from classroom_admin.accounts.sign_on_providers import Provider
from classroom_admin.actions.sign_ins import may_record_failure
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common.cloud_ids import problem_with_id
from classroom_admin.common.problems import Problem

log: Final = logging.getLogger(__name__)
_NAME_LENGTH: Final = 120


class SignOnRefused(Exception):
    """The error if a person may not sign in. `problem` says why."""

    def __init__(self, code: str, **params: Any) -> None:
        self.problem = Problem(code, params)
        super().__init__(str(self.problem))


def admit(provider: Provider, *, subject: str, claims: Mapping[str, Any]) -> tuple[User, SocialAccount]:
    """Return the account of the person, connected with the provider's `subject`.

    Create or connect the account where the provider's rules allow it, and update its role. If the person may
    not sign in, raise SignOnRefused and change nothing.
    """
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                return _admit(provider, subject, claims)
        except IntegrityError:  # the same person signs in twice at once: the second attempt finds the account
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def record_refusal(provider: Provider | None, problem: Problem, *, email: str = "") -> None:
    """Record a sign-in through school sign-on that failed, unless too many come from the same network."""
    log.warning("School sign-on failed (%s): %s", provider.key if provider else "unknown provider", problem)
    if not may_record_failure():
        return
    record.done(
        actor=None,
        action="account.sign_in_failed",
        target=email,
        params={"through": provider.label} if provider else {},
        outcome=Step.Kind.FAILED,
        detail={"reason": problem.as_json()},
    )


def email_in(provider: Provider, claims: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the person's email address, or "" if it is no address, and whether the provider verified it."""
    email, is_verified = mapping.verified_email(claims, provider.verified_domains)
    try:
        validate_email(email)
    except ValidationError:
        return "", False
    return email, is_verified


def _admit(provider: Provider, subject: str, claims: Mapping[str, Any]) -> tuple[User, SocialAccount]:
    email, is_verified = email_in(provider, claims)
    rule = mapping.first_match(
        provider.rules,
        claims,
        groups_claim=provider.groups_claim,
        verified_email=email if is_verified else "",
    )
    if rule is not None and rule.role == mapping.REFUSED:
        raise SignOnRefused("sign_on_group_refused")
    account = SocialAccount.objects.filter(provider=provider.issuer, uid=subject).first()
    if account is not None:
        user = _locked(account.user_id)
        _require_active(user)
    else:
        user = _joined(provider, rule, email, is_verified, claims)
        account = SocialAccount.objects.create(
            user=user, provider=provider.issuer, uid=subject, extra_data={}
        )
    _update_role(provider, user, rule)
    _add_cloud_id(provider, user, mapping.text_of(claims, provider.cloud_id_claim))
    if not user.language:
        language = mapping.language_of(
            mapping.text_of(claims, provider.language_claim), dict(settings.LANGUAGES)
        )
        User.objects.filter(pk=user.pk).update(language=language)
        user.language = language
    return user, account


def _joined(
    provider: Provider, rule: mapping.Rule | None, email: str, is_verified: bool, claims: Mapping[str, Any]
) -> User:
    """Return the existing account with the verified address, or a new one if the provider may create it."""
    known = User.objects.with_address(email)
    if known is None:
        return _created(provider, rule, email, is_verified, claims)
    if not is_verified:
        raise SignOnRefused("sign_on_email_not_verified", email=email)
    known = _locked(known.pk)
    _require_active(known)
    # The school may have given the address of a person who left to someone else.
    if SocialAccount.objects.filter(user=known, provider=provider.issuer).exists():
        raise SignOnRefused("sign_on_connected_otherwise", email=email)
    if known.must_change_password:
        # An administrator knows this password, and the person no longer needs it.
        known.set_unusable_password()
        known.must_change_password = False
        known.save(update_fields=["password", "must_change_password"])
    _record(known, "sign_on.connect", provider)
    return known


def _created(
    provider: Provider, rule: mapping.Rule | None, email: str, is_verified: bool, claims: Mapping[str, Any]
) -> User:
    if not provider.create_accounts:
        raise SignOnRefused("sign_on_no_account", email=email or "–")
    if not email:
        raise SignOnRefused("sign_on_no_email")
    if not is_verified:
        raise SignOnRefused("sign_on_email_not_verified", email=email)
    if rule is None:
        raise SignOnRefused("sign_on_no_rule", email=email)
    full_name = " ".join(mapping.text_of(claims, part) for part in ("given_name", "family_name")).strip()
    name = mapping.text_of(claims, "name") or full_name
    name = "".join(letter for letter in name if letter.isprintable())[:_NAME_LENGTH]
    user = User.objects.create_user(email, None, name=name, role=rule.role, role_given_by=provider.issuer)
    _record(user, "sign_on.create", provider, role=rule.role)
    return user


def _update_role(provider: Provider, user: User, rule: mapping.Rule | None) -> None:
    """Give the role of the rule. Without a rule, a role that a rule gave earlier no longer holds."""
    given_by_rule = bool(user.role_given_by)
    if rule is None:
        if user.role_given_by == provider.issuer:
            raise SignOnRefused("sign_on_no_rule_now")
        return
    role = mapping.role_after(user.role, given_by_rule=given_by_rule, rule=rule)
    if role == user.role:
        return
    others = User.objects.filter(role=User.Role.ADMINISTRATOR, is_active=True).exclude(pk=user.pk)
    if user.is_administrator and not others.exists():
        log.warning("School sign-on did not change the role of the last administrator, person %s.", user.pk)
        return
    before = user.role
    user.role, user.role_given_by = role, provider.issuer
    user.save(update_fields=["role", "role_given_by"])
    _record(user, "sign_on.role", provider, role={"from": before, "to": role})


def _add_cloud_id(provider: Provider, user: User, user_uuid: str) -> None:
    """Add the cloud user id. An id that can't be used, or belongs to another person, changes nothing."""
    if not user_uuid:
        return
    owner = CloudIdentity.objects.filter(user_uuid=user_uuid).select_related("user").first()
    if owner is None and problem_with_id(user_uuid) is None:
        CloudIdentity.objects.create(user=user, user_uuid=user_uuid)
        _record(user, "sign_on.cloud_id", provider, cloud_user_id=user_uuid)
    elif owner is None or owner.user_id != user.pk:
        log.warning("The cloud user id that %s sent for person %s was not used.", provider.key, user.pk)


def _locked(pk: int) -> User:
    """Lock the person and all active administrators, so that two sign-ins never remove the last of these."""
    rows = User.objects.select_for_update().filter(Q(pk=pk) | Q(role=User.Role.ADMINISTRATOR, is_active=True))
    return {row.pk: row for row in rows.order_by("pk")}[pk]


def _require_active(user: User) -> None:
    if not user.is_active:
        raise SignOnRefused("account_deactivated")


def _record(user: User, action: str, provider: Provider, **params: Any) -> None:
    record.done(
        actor=user,
        action=action,
        target=user.email,
        target_name=str(user),
        params={"through": provider.label, **params},
    )
