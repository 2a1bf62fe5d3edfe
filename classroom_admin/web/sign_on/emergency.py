"""The page behind a link of `manage.py emergency_login`."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.sign_on import EMERGENCY
from classroom_admin.actions import emergency
from classroom_admin.actions.errors import ActionRefused

GONE = 410


@never_cache
@sensitive_variables("code")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponseBase:
    """Ask for a press of a button, so that a preview of the link does not use it up. A POST signs in."""
    if request.method != "POST":
        return _shown(request, emergency.is_valid(code))
    try:
        person = emergency.use_link(code)
    except ActionRefused:
        return _shown(request, is_valid=False)
    if request.user.is_authenticated:
        logout(
            request
        )  # else the sign-in would end the session of another person, with what is recorded next
    record_authentication(request, person, EMERGENCY)
    answer: HttpResponseBase = perform_login(
        request, person, email_verification="none", redirect_url=resolve_url(settings.LOGIN_REDIRECT_URL)
    )
    messages.warning(
        request, _("You signed in with an emergency link. The audit log and the settings show this.")
    )
    return answer


def _shown(request: HttpRequest, is_valid: bool) -> HttpResponse:
    context = {"is_valid": is_valid, "minutes": emergency.VALID_MINUTES}
    return render(request, "sign_on/emergency.html", context, status=200 if is_valid else GONE)
