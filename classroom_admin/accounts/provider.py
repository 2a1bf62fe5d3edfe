"""The provider classes for allauth, which finds them by the name of this module.

The one for OpenID Connect adds a nonce to each sign-in, and stores no claims. `sign_on_tokens` exchanges the
code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse

from classroom_admin.accounts.sign_on_http import discovery
from classroom_admin.accounts.sign_on_providers import SAML, Provider
from classroom_admin.accounts.sign_on_saml import SchoolSamlProvider
from classroom_admin.common.public_address import absolute


def app_of(provider: Provider) -> SocialApp:
    """Return the provider as allauth represents it. It is never saved."""
    return SocialApp(
        provider=provider.kind,
        provider_id=provider.issuer,
        name=provider.label,
        client_id=provider.key if provider.kind == SAML else provider.client_id,
        secret=provider.client_secret,
        settings={
            "key": provider.key,
            "server_url": provider.issuer,
            "scope": provider.scopes.split(),
            "oauth_pkce_enabled": True,
            **_saml_settings(provider),
        },
    )


def callback_address(key: str) -> str:
    """Return the address to which a provider sends people back. It begins with `PUBLIC_URL`."""
    return absolute(reverse("sign_on:callback", args=[key]))


class SchoolOAuth2Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Use the cached and checked configuration of the provider, and a callback address under `PUBLIC_URL`."""

    def __init__(self, request: HttpRequest, app: SocialApp) -> None:
        super().__init__(request, app.provider_id)
        self._app = app

    @property
    def openid_config(self) -> dict[str, Any]:
        return discovery(self._app.provider_id)

    @property
    def basic_auth(self) -> bool:
        return False  # `sign_on_tokens` exchanges the code

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return callback_address(app.settings["key"])


class SchoolProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """An OpenID Connect provider whose claims are in `claims` of the sign-in, and are not stored."""

    def get_oauth2_adapter(self, request: HttpRequest) -> SchoolOAuth2Adapter:
        return SchoolOAuth2Adapter(request, self.app)

    def sociallogin_from_response(self, request: HttpRequest, response: Mapping[str, Any]) -> SocialLogin:
        login = super().sociallogin_from_response(request, response)
        login.claims = response
        return login

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:
        return []


provider_classes = [SchoolProvider, SchoolSamlProvider]


def _saml_settings(provider: Provider) -> dict[str, Any]:
    if provider.kind != SAML:
        return {}
    return {
        "idp": {
            "entity_id": provider.issuer,
            "sso_url": provider.saml["sign_in_url"],
            "x509cert": provider.saml["certificate"],
        },
        "claim_names": {"email": provider.saml["email_claim"], "name": provider.saml["name_claim"]},
        "advanced": {
            "strict": True,
            "allow_single_label_domains": True,  # a school's own network has such names
            "want_assertion_signed": True,
            "reject_deprecated_algorithm": True,
            "reject_idp_initiated_sso": True,
            "want_attribute_statement": False,
        },
    }
