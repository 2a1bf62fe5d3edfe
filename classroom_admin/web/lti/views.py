"""Views of a launch: begin the login, receive the platform's message, and sign a teacher in.

A launch in a frame never signs anyone in there. A teacher goes on in a new window, where the session cookie
works as usual (docs/decisions/lti.md).
"""

from __future__ import annotations

from typing import Any, Final, cast

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from classroom_admin.accounts.sign_on_http import ProviderFailed
from classroom_admin.common.problem_texts import in_words
from classroom_admin.common.problems import Problem
from classroom_admin.common.sign_on_texts import PROVIDER
from classroom_admin.integrations.joining.links import personal_link
from classroom_admin.integrations.lti import keys, launches
from classroom_admin.integrations.lti.frames import origins
from classroom_admin.integrations.lti.launches import Launched
from classroom_admin.integrations.lti.models import Launch, Platform
from classroom_admin.integrations.lti.problem import LtiRefused
from classroom_admin.web.lti import choosing
from classroom_admin.web.lti.framing import framed, is_marked, is_top_level, mark_browser

METHOD: Final = "lti"
"""The name under which a session records that the person came from a learning platform."""
FORBIDDEN: Final = 403
ASKED: Final = ("iss", "client_id", "login_hint", "lti_message_hint", "target_link_uri")


@never_cache
@csrf_exempt  # the platform's page sends this form
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponseBase:
    """Begin a launch: send the browser to the platform, which says who the person is."""
    if too_many := ratelimit.consume_or_429(request, action="sign_on"):
        return cast(HttpResponseBase, too_many)
    sent = request.POST if request.method == "POST" else request.GET
    try:
        state, address = launches.begin({name: sent.get(name, "") for name in ASKED})
    except LtiRefused as refusal:
        return refused(request, None, refusal.problem)
    answer = redirect(address)
    mark_browser(answer, state)
    return answer


@never_cache
@csrf_exempt  # the platform's page sends this form
@sensitive_post_parameters("id_token", "state")
@sensitive_variables()
@require_POST
def launch(request: HttpRequest) -> HttpResponseBase:
    """Verify the platform's message, and lead to the class, or to its choice."""
    state = request.POST.get("state", "")
    platform = launches.platform_of_state(state)
    try:
        if error := request.POST.get("error", ""):
            raise LtiRefused("lti_platform_error", error=_word(error))
        launched = launches.finish(state=state, id_token=request.POST.get("id_token", ""))
    except (LtiRefused, ProviderFailed) as failure:
        return refused(request, platform, failure.problem)
    if launched.launch.user is None:
        return _for_student(request, launched)
    if launched.is_choice:
        return choosing.first(request, launched)
    if is_top_level(request) and is_marked(request, state):
        return _signed_in(request, launched.launch)
    context = {"ticket": launched.ticket, "room": launched.room, "platform": platform}
    return framed(request, "lti/open.html", context, origins=_origins(launched))


@never_cache
@csrf_exempt  # the page in the frame has no cookie; its ticket is a secret that works once
@sensitive_post_parameters("ticket")
@sensitive_variables("ticket")
@require_POST
def enter(request: HttpRequest) -> HttpResponseBase:
    """Open the class in a new window.

    A person who is not signed in as the teacher of the launch is asked first. Otherwise another site could
    sign them in as someone else.
    """
    ticket = request.POST.get("ticket", "")
    found = launches.take(ticket, Launch.Kind.OPEN)
    if found is None:
        return refused(request, None, Problem("lti_state"))
    if request.user.is_authenticated and request.user.pk == found.user_id:
        launches.use(found)
        return redirect(_class_address(found))
    return render(request, "lti/confirm.html", {"ticket": ticket, "launch": found})


@never_cache
@sensitive_post_parameters("ticket")
@require_POST
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Sign the teacher of a launch in, after they confirmed who they are."""
    found = launches.take(request.POST.get("ticket", ""), Launch.Kind.OPEN)
    if found is None:
        return refused(request, None, Problem("lti_state"))
    return _signed_in(request, found)


@require_safe
def public_keys(request: HttpRequest) -> HttpResponse:
    """Return our public keys, for platforms."""
    answer = JsonResponse(keys.published())
    answer["Cache-Control"] = "public, max-age=300"
    return answer


def refused(request: HttpRequest, platform: Platform | None, problem: Problem) -> HttpResponse:
    """Record why a launch failed, and return a plain page that says so.

    If the platform or its settings are the cause, the page says only that. The audit log has the details.
    """
    launches.record_refusal(platform, problem)
    reason = "" if problem.code in PROVIDER else in_words(problem)
    return framed(
        request,
        "lti/refused.html",
        {"reason": reason},
        origins=origins(platform) if platform else [],
        status=FORBIDDEN,
    )


def _for_student(request: HttpRequest, launched: Launched) -> HttpResponseBase:
    assert launched.room is not None
    address = personal_link(
        launched.room, user_id=launched.student_id, name=launched.message.name or _("Student")
    )
    if is_top_level(request):
        return redirect(address)
    context = {"address": address, "room": launched.room}
    return framed(request, "lti/join.html", context, origins=_origins(launched))


def _signed_in(request: HttpRequest, found: Launch) -> HttpResponseBase:
    if not launches.use(found):
        return refused(request, found.platform, Problem("lti_state"))
    if request.user.is_authenticated:
        logout(
            request
        )  # else the sign-in would end the session of another person, with what is recorded next
    record_authentication(request, found.user, METHOD)
    answer: HttpResponseBase = perform_login(
        request,
        found.user,
        email_verification="none",
        redirect_url=_class_address(found),
        signal_kwargs={"through": found.platform.label},
    )
    return answer


def _class_address(found: Launch) -> str:
    assert found.link is not None
    assert found.link.room is not None
    return resolve_url("live:class", found.link.room.key)


def _origins(launched: Launched) -> list[str]:
    return origins(launched.launch.platform, launched.message)


def _word(error: str) -> str:
    shown: Any = "".join(one for one in error if one.isascii() and (one.isalnum() or one == "_"))
    return shown[:60] or "–"
