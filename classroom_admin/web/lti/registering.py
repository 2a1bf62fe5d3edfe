"""The page with which a platform registers itself. The platform opens it, usually in a frame."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.common.addresses import is_web_address
from classroom_admin.common.problem_texts import in_words
from classroom_admin.integrations.lti import registration
from classroom_admin.integrations.lti.frames import origin_of
from classroom_admin.integrations.lti.problem import LtiRefused
from classroom_admin.web.lti.framing import framed

GONE: Final = 410
UNPROCESSABLE: Final = 422


@never_cache
@csrf_exempt  # the page in the frame has no cookie; the code of its address is a secret that works once
@sensitive_post_parameters("registration_token")
@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """Ask before the registration. A POST registers, and tells the platform's page to close the frame."""
    link = registration.find(code)
    if link is None:
        return render(request, "lti/register.html", {"is_valid": False}, status=GONE)
    sent = request.POST if request.method == "POST" else request.GET
    config_url, token = sent.get("openid_configuration", ""), sent.get("registration_token", "")
    if not is_web_address(config_url):
        return render(request, "lti/register.html", {"is_valid": True, "host": ""}, status=UNPROCESSABLE)
    origins = [found] if (found := origin_of(config_url)) else []
    context = {
        "is_valid": True,
        "host": urlsplit(config_url).netloc,
        "config_url": config_url,
        "token": token,
        "person": link.made_by,
    }
    status = 200
    if request.method == "POST":
        try:
            context["platform"] = registration.register(link, config_url=config_url, token=token)
        except (LtiRefused, ProviderFailed) as failure:
            context["problem"], status = in_words(failure.problem), UNPROCESSABLE
    answer = framed(request, "lti/register.html", context, origins=origins, status=status)
    # The platform may have opened a window instead of a frame, and waits there for our message.
    answer["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer
