"""The SAML provider class for allauth. It takes the claims from the attributes, and stores none of them."""

from __future__ import annotations

from typing import Any, Final

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest

from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.accounts.sign_on_tokens import is_subject

TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


class SchoolSamlProvider(SAMLProvider):  # type: ignore[misc]  # allauth has no types
    """A SAML provider whose attributes are in `claims` of the sign-in."""

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> SocialLogin:
        login = super().sociallogin_from_response(request, response)
        login.claims = self._claims(response)
        return login

    def extract_uid(self, data: Any) -> str:
        """Return the NameID. Raise ProviderFailed if it can't identify a person at the next sign-in."""
        name_id = data.get_nameid()
        if data.get_nameid_format() == TRANSIENT or not is_subject(name_id):
            raise ProviderFailed("sign_on_saml_invalid", reason="The NameID must be persistent.")
        return str(name_id)

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: Any) -> dict[str, Any]:
        return {}

    def _claims(self, data: Any) -> dict[str, Any]:
        claims = {**data.get_friendlyname_attributes(), **data.get_attributes()}
        names = self.app.settings["claim_names"]
        email = claims.get(names["email"])
        if not email and data.get_nameid_format() == EMAIL:
            email = [data.get_nameid()]
        return {**claims, "email": email, "name": claims.get(names["name"])}
