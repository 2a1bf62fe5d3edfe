"""Adapt allauth's sign-in. Disable sign-up, and use error messages that say what to do next."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from classroom_admin.accounts import throttling
from classroom_admin.accounts.recently_signed_in import is_recent
from classroom_admin.common.client_address import client_address

UNKNOWN_ADDRESS = "0.0.0.0"  # no address to listen on
"""The address in lists of sessions if the client came through a unix socket whose proxy did not name it."""
BEGUN_WITH: Final = "sign_in_begun_with"
"""The key of a session with the hash that is valid for sessions of the person who entered the password."""


class SchoolAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """An allauth adapter without sign-up, because only administrators create accounts."""

    error_messages: ClassVar[dict[str, object]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "Incorrect email or password. Try again, or ask an administrator for a new password."
        ),
        "too_many_login_attempts": _("Too many failed attempts. Wait five minutes, then try again."),
        "enter_current_password": _("This is not your current password. Enter it again."),
    }

    _attempt = "sign_in"

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether a redirect may lead to `url`: to the same host, and not from https to http.

        allauth would accept all hosts in `ALLOWED_HOSTS`, such as `localhost`.
        """
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or UNKNOWN_ADDRESS

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raise TooManyAttempts if it comes too early."""
        throttling.check(self._attempt, _login(credentials), request)

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        """Begin a sign-in, to which a second factor may be missing. The session gets a new id already now."""
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if response is None and not request.user.is_authenticated:
            request.session.cycle_key()
            request.session[BEGUN_WITH] = user.get_session_auth_hash()
        return response

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            throttling.succeeded(self._attempt, _login(credentials), request)
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        self._attempt = "reauthentication"
        return bool(super().reauthenticate(user, password))

    def forgive_failed_sign_ins(self, request: HttpRequest, email: str) -> None:
        """Reset the count of failed sign-ins for `email`, so that a new password works immediately."""
        throttling.forgive(email)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether allauth must ask for the password. A recent sign-in counts as a confirmation."""
        return not is_recent(self.request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("mfa_index")


def _login(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")
