"""Find, connect or create the account of a teacher who comes from a platform."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from classroom_admin.accounts import permissions
from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.integrations.lti.claims import Message
from classroom_admin.integrations.lti.models import AccountLink, Platform
from classroom_admin.integrations.lti.problem import LtiRefused

_NAME_LENGTH = 120


def account_of(platform: Platform, message: Message) -> User:
    """Return the account of the teacher. Connect or create it if the platform's settings allow that.

    Raise LtiRefused if there is none, and change nothing.
    """
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                return _account_of(platform, message)
        except IntegrityError:  # two launches of the person at once: the second attempt finds the account
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


def _account_of(platform: Platform, message: Message) -> User:
    known = AccountLink.objects.filter(platform=platform, sub=message.sub).select_related("user").first()
    if known is not None:
        return _openable(known.user)
    email = _email_in(message)
    found = User.objects.with_address(email)
    user = _created(platform, message, email) if found is None else _connected(platform, found)
    AccountLink.objects.create(platform=platform, sub=message.sub, user=user)
    return user


def _connected(platform: Platform, found: User) -> User:
    """Return the account with the person's address. An administrator's account is never found this way."""
    if not platform.link_by_email or not permissions.may_teach(found) or found.is_administrator:
        raise LtiRefused("lti_email_taken", email=found.email)
    _active(found)
    if AccountLink.objects.filter(platform=platform, user=found).exists():
        raise LtiRefused("lti_connected_otherwise", email=found.email)
    _record(found, "lti.connect", platform)
    return found


def _created(platform: Platform, message: Message, email: str) -> User:
    if not platform.create_accounts:
        raise LtiRefused("lti_no_account")
    if not email:
        raise LtiRefused("lti_no_email")
    user = User.objects.create_user(email, None, name=message.name[:_NAME_LENGTH], role=User.Role.TEACHER)
    _record(user, "lti.create", platform, role=user.role)
    return user


def _email_in(message: Message) -> str:
    """Return the email address, or "" if it is no address or the platform says that it is not verified.

    A name with letters outside of ASCII is no address here, because lower case may make it another one.
    """
    if message.email_is_unverified or not message.email.isascii():
        return ""
    try:
        validate_email(message.email)
    except ValidationError:
        return ""
    return message.email.lower()


def is_openable(user: User) -> bool:
    """Return whether a platform may open this account. It never opens one of an administrator."""
    return user.is_active and not user.is_administrator


def _openable(user: User) -> User:
    """Return the account of a connected person, who may have become an administrator since then."""
    if not is_openable(_active(user)):
        raise LtiRefused("lti_administrator", email=user.email)
    return user


def _active(user: User) -> User:
    if not user.is_active:
        raise LtiRefused("account_deactivated")
    return user


def _record(user: User, action: str, platform: Platform, **params: Any) -> None:
    record.done(
        actor=user,
        action=action,
        target=user.email,
        target_name=str(user),
        params={"through": platform.label, **params},
    )
