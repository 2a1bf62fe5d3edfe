"""Refuse passwords and passkeys where the school uses only school sign-on (`SIGN_ON_ONLY`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

WAYS_IN: Final = frozenset(
    {
        "account_login",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_set_password",
        "account_change_password",
        "mfa_login_webauthn",
        "mfa_signup_webauthn",
    }
)
"""The views that sign people in, or give them a password. GET of the sign-in page stays open."""


class RefusePasswords:
    """The middleware that refuses these views with status 403, if `SIGN_ON_ONLY` is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        if not settings.SIGN_ON_ONLY or match is None or match.view_name not in WAYS_IN:
            return None
        if match.view_name == "account_login" and request.method in ("GET", "HEAD"):
            return None
        raise PermissionDenied(_("This school uses only school sign-on."))
