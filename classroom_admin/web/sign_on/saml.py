"""Sign in through SAML 2.0 with allauth's views. Import its packages only if a SAML provider is configured.

Single logout is not supported.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.socialaccount.providers.base.constants import AuthProcess
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from classroom_admin.accounts.provider import app_of
from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.accounts.sign_on_providers import SAML, Provider, by_key
from classroom_admin.accounts.sign_on_saml import SchoolSamlProvider
from classroom_admin.web.sign_on.errors import refused


def begin(request: HttpRequest, provider: Provider, next_url: str) -> HttpResponseBase:
    """Send the person to the SAML provider."""
    _set_host(request)
    saml_provider = SchoolSamlProvider(request, app=app_of(provider))
    return cast(HttpResponseBase, saml_provider.redirect(request, AuthProcess.LOGIN, next_url=next_url))


@never_cache
@csrf_exempt  # the provider's page sends this form
@require_POST
def acs(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Receive the provider's answer, and keep it until `finish_acs`, which the browser's cookies reach."""
    _saml_or_404(organization_slug)
    _set_host(request)
    return cast(HttpResponseBase, _views().acs(request, organization_slug=organization_slug))


@never_cache
@require_safe
def finish_acs(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Verify the provider's answer and sign the person in."""
    provider = _saml_or_404(organization_slug)
    try:
        return cast(HttpResponseBase, _views().finish_acs(request, organization_slug=organization_slug))
    except ProviderFailed as failure:
        return refused(request, provider, failure.problem)


@require_safe
def metadata(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Return the metadata of the dashboard, for the provider."""
    app = app_of(_saml_or_404(organization_slug))
    from allauth.socialaccount.providers.saml.utils import build_saml_config
    from onelogin.saml2.settings import OneLogin_Saml2_Settings

    config = build_saml_config(request, app.settings, organization_slug)
    del config["sp"]["singleLogoutService"]
    made = OneLogin_Saml2_Settings(settings=config, sp_validation_only=True).get_sp_metadata()
    return HttpResponse(made, content_type="application/samlmetadata+xml")


def no_page(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """Answer 404. allauth needs these addresses to exist, but nobody uses them."""
    raise Http404(_("This page does not exist."))


def _saml_or_404(key: str) -> Provider:
    provider = by_key(key)
    if provider is None or provider.kind != SAML:
        raise Http404(_("This school sign-on does not exist."))
    return provider


def _set_host(request: HttpRequest) -> None:
    """Add the host that allauth's views read from the request, if the client sent none."""
    request.META.setdefault("HTTP_HOST", request.get_host())


def _views() -> Any:
    from allauth.socialaccount.providers.saml import views

    return views
