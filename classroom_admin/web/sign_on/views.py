"""Views of school sign-on: send people to a provider, and receive them when they come back."""

from __future__ import annotations

from typing import Any, Final, cast

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from classroom_admin.accounts.provider import SchoolProvider, app_of, callback_address
from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.accounts.sign_on_providers import OIDC, Provider, by_key
from classroom_admin.accounts.sign_on_tokens import claims_for
from classroom_admin.common.problems import Problem
from classroom_admin.web.sign_on import saml
from classroom_admin.web.sign_on.errors import refused

_NONCE_LENGTH: Final = 32


@never_cache
@require_safe
def begin(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send the person to the provider. `next` is the page to which they return.

    With `again`, also a signed-in person is sent there, and the provider is told to ask who it is.

    This is a link, not a form, because browsers apply `form-action` to the redirects of a form.
    """
    provider = _provider_or_404(key)
    next_url = request.GET.get("next", "")
    next_url = next_url if get_adapter(request).is_safe_url(next_url) else ""
    again = "again" in request.GET
    if request.user.is_authenticated and not again:
        return redirect(next_url or resolve_url(settings.LOGIN_REDIRECT_URL))
    if too_many := ratelimit.consume_or_429(request, action="sign_on"):
        return cast(HttpResponseBase, too_many)
    if provider.kind != OIDC:
        return saml.begin(request, provider, next_url)
    nonce = get_random_string(_NONCE_LENGTH)
    asked = {"nonce": nonce, **({"prompt": "login"} if again else {})}
    try:
        answer: HttpResponseBase = SchoolProvider(request, app=app_of(provider)).redirect(
            request, AuthProcess.LOGIN, next_url=next_url, nonce=nonce, auth_params=asked
        )
    except ProviderFailed as failure:
        return refused(request, provider, failure.problem)
    return answer


@never_cache
@require_safe
@sensitive_variables()
def callback(request: HttpRequest, key: str) -> HttpResponseBase:
    """Sign the person in with the code that the provider sent along."""
    provider = _provider_or_404(key)
    state: dict[str, Any] | None = statekit.unstash_state(
        request, state_id=request.GET.get("state", ""), provider_id=provider.issuer
    )
    if error := request.GET.get("error", ""):  # some providers omit the state then
        return refused(request, provider, _provider_error(error))
    if state is None or provider.kind != OIDC or "code" not in request.GET:
        return refused(request, provider, Problem("sign_on_state"))
    try:
        claims = claims_for(
            provider,
            code=request.GET["code"],
            verifier=state["pkce_code_verifier"],
            nonce=state["nonce"],
            callback=callback_address(provider.key),
        )
    except ProviderFailed as failure:
        return refused(request, provider, failure.problem)
    login = SchoolProvider(request, app=app_of(provider)).sociallogin_from_response(request, claims)
    login.state = state
    return cast(HttpResponseBase, complete_social_login(request, login))


def _provider_or_404(key: str) -> Provider:
    provider = by_key(key)
    if provider is None:
        raise Http404(_("This school sign-on does not exist."))
    return provider


def _provider_error(error: str) -> Problem:
    if error in ("access_denied", "login_required", "interaction_required", "consent_required"):
        return Problem("sign_on_cancelled")
    shown = "".join(letter for letter in error if letter.isascii() and (letter.isalnum() or letter == "_"))
    return Problem("sign_on_provider_refused", {"error": shown[:60] or "–"})
