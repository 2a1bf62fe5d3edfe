"""Record sign-ins, sign-outs and password changes. `ActionsConfig.ready` connects the signals."""

from collections.abc import Mapping
from typing import Any

from allauth.account import signals as account_signals
from django.contrib.auth import signals as auth_signals
from django.http import HttpRequest

from classroom_admin.accounts.models import User
from classroom_admin.audit import record
from classroom_admin.audit.models import Step
from classroom_admin.common.problems import Problem


def connect() -> None:
    """Connect the signals. A second call has no effect."""
    # allauth sends its signal for every sign-in on a page, with any method of authentication. Django's signal
    # is also sent for sessions that a program creates.
    account_signals.user_logged_in.connect(_signed_in, dispatch_uid="record sign-in")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="record password change")
    auth_signals.user_logged_out.connect(_signed_out, dispatch_uid="record sign-out")
    auth_signals.user_login_failed.connect(_sign_in_failed, dispatch_uid="record failed sign-in")


def _signed_in(*, user: User, sociallogin: Any = None, **_: Any) -> None:
    through = {"through": sociallogin.provider.name} if sociallogin else None
    _record_own("account.sign_in", user, through)


def _signed_out(*, user: User | None, **_: Any) -> None:
    if user is not None:
        _record_own("account.sign_out", user)


def _password_changed(*, user: User, **_: Any) -> None:
    _record_own("account.password_change", user)


def _sign_in_failed(*, credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
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


def _record_own(action: str, user: User, params: Mapping[str, str] | None = None) -> None:
    record.done(actor=user, action=action, target=user.email, target_name=str(user), params=params)
