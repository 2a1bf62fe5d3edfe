"""Record how people sign in and out, and changes of passwords, second factors and sessions.

`ActionsConfig.ready` connects the signals.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.http import HttpRequest

from classroom_admin.accounts import signals
from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.bounds import within
from classroom_admin.audit.models import Step
from classroom_admin.common import request_context
from classroom_admin.common.client_address import client_network
from classroom_admin.common.problems import Problem

_MOST_FAILURES: Final = 30
"""How many failed sign-ins of a client network are recorded in a minute."""


def connect() -> None:
    """Connect the signals. A second call has no effect."""
    # allauth sends its signal for every sign-in on a page, with any method of authentication. Django's signal
    # is also sent for sessions that a program creates.
    account_signals.user_logged_in.connect(_signed_in, dispatch_uid="record sign-in")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="record password change")
    auth_signals.user_logged_out.connect(_signed_out, dispatch_uid="record sign-out")
    auth_signals.user_login_failed.connect(_sign_in_failed, dispatch_uid="record failed sign-in")
    factor_signals.authenticator_added.connect(_factor_added, dispatch_uid="record second factor")
    factor_signals.authenticator_removed.connect(_factor_removed, dispatch_uid="record removed factor")
    factor_signals.authenticator_reset.connect(_codes_created, dispatch_uid="record recovery codes")
    factor_signals.authenticator_used.connect(_factor_used, dispatch_uid="record recovery code")
    factor_signals.authentication_failed.connect(_factor_failed, dispatch_uid="record wrong code")
    signals.sessions_ended.connect(_sessions_ended, dispatch_uid="record ended sessions")
    signals.link_mailed.connect(_link_mailed, dispatch_uid="record mailed link")
    signals.password_chosen.connect(_password_chosen, dispatch_uid="record password of a link")


def _signed_in(*, user: User, sociallogin: Any = None, through: str = "", **_: Any) -> None:
    name = sociallogin.provider.name if sociallogin else through
    _record_own("account.sign_in", user, **({"through": name} if name else {}))


def _signed_out(*, user: User | None, **_: Any) -> None:
    if user is not None:
        _record_own("account.sign_out", user)


def _password_changed(*, user: User, **_: Any) -> None:
    _record_own("account.password_change", user)


def may_record_failure() -> bool:
    """Count a failed sign-in, and return whether it may be recorded, so that nobody floods the audit log."""
    network = client_network(request_context.current().address)
    return within("account.sign_in_failed", network, most=_MOST_FAILURES)


def _sign_in_failed(*, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if not may_record_failure():
        return
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    person = User.objects.filter(email=email).first()
    is_closed = person is not None and not person.is_active
    why = Problem("account_deactivated" if is_closed else "password_wrong")
    record.done(
        actor=None,
        action="account.sign_in_failed",
        target=email,
        target_name=str(person) if person else "",
        outcome=Step.Kind.FAILED,
        detail={"reason": why.as_json()},
    )


def _factor_added(*, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _record_own("account.second_factor_add", user, kind=authenticator.type)


def _factor_removed(*, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _record_own("account.second_factor_remove", user, kind=authenticator.type)


def _codes_created(*, user: User, **_: Any) -> None:
    _record_own("account.recovery_codes", user)


def _factor_used(*, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _record_own("account.recovery_code_used", user)


def _factor_failed(*, user: User, **_: Any) -> None:
    record.done(
        actor=None,
        action="account.second_factor_failed",
        target=user.email,
        target_name=str(user),
        outcome=Step.Kind.FAILED,
    )


def _sessions_ended(*, user: User, devices: Sequence[str], **_: Any) -> None:
    _record_own("account.own_sessions_end", user, devices=list(devices))


def _link_mailed(*, user: User, **_: Any) -> None:
    record.done(actor=None, action="account.password_forgotten", target=user.email, target_name=str(user))


def _password_chosen(*, user: User, **_: Any) -> None:
    _record_own("account.password_chosen", user)


def _record_own(action: str, user: User, **params: Any) -> None:
    record.done(actor=user, action=action, target=user.email, target_name=str(user), params=params)
