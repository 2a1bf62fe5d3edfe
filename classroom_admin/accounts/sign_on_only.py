"""Refuse passwords and passkeys where the school uses only school sign-on (`SIGN_ON_ONLY`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem

FORBIDDEN: Final = 403
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
"""The views that sign people in, or give them a password. The sign-in page shows only school sign-on."""


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
            is_signed_in = request.user.is_authenticated  # allauth's view leads on then
            return None if is_signed_in else render(request, "socialaccount/sign_in.html")
        context = {"reason": in_words(Problem("sign_on_only"))}
        return render(request, "socialaccount/authentication_error.html", context, status=FORBIDDEN)
