"""Adapt allauth's school sign-on: our own providers, our rules for accounts, and our error pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.http import HttpRequest

from classroom_admin.accounts.provider import app_of
from classroom_admin.accounts.sign_on_providers import Provider, active, by_key
from classroom_admin.actions.sign_on import SignOnRefused, admit, email_in
from classroom_admin.common.problems import Problem
from classroom_admin.web.sign_on.errors import refused


class SchoolSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """An allauth adapter that lets in whom `actions.sign_on.admit` admits. allauth itself signs nobody up."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        apps = [app_of(one) for one in active()]
        return [
            app
            for app in apps
            if (provider is None or provider in (app.provider, app.provider_id))
            and (client_id is None or client_id == app.client_id)
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find, connect or create the account. Show an error page if the person may not sign in."""
        provider = by_key(sociallogin.provider.app.settings["key"])
        claims: Mapping[str, Any] = sociallogin.claims
        if provider is None:
            raise ImmediateHttpResponse(refused(request, None, Problem("sign_on_state")))
        try:
            user, account = admit(provider, subject=sociallogin.account.uid, claims=claims)
        except SignOnRefused as refusal:
            email = email_in(provider, claims)[0]
            raise ImmediateHttpResponse(refused(request, provider, refusal.problem, email=email)) from refusal
        sociallogin.user, sociallogin.account = user, account

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False  # `admit` compares addresses

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Mapping[str, Any] | None = None,
    ) -> None:
        """Show our error page. Only allauth's SAML views come here."""
        reason = str((extra_context or {}).get("saml_last_error_reason") or "")
        if error == AuthError.CANCELLED:
            problem = Problem("sign_on_cancelled")
        elif reason:
            problem = Problem("sign_on_saml_invalid", {"reason": reason[:200]})
        else:
            problem = Problem("sign_on_state")
        known: Provider | None = by_key(provider.app.settings["key"])
        raise ImmediateHttpResponse(refused(request, known, problem)) from exception
