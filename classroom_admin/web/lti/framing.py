"""Headers and cookies of pages that a registered platform may show in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from classroom_admin.integrations.lti.ids import digest_of
from classroom_admin.integrations.lti.launches import STATE_VALID_FOR

_COOKIE: Final = "lti-"


def framed(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    origins: Sequence[str],
    sends_to: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page that pages of `origins` may show in a frame. `sends_to` may receive its forms, too.

    Without origins, no page may show it.
    """
    answer = render(request, template, context, status=status)
    policy: dict[str, Any] = {}
    if origins:
        policy["frame-ancestors"] = list(origins)
        answer.xframe_options_exempt = True
    if sends_to:
        policy["form-action"] = [sends_to]
    if origins or sends_to:
        standard = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]  # type: ignore[misc]  # set by settings_front
        own = [*standard["form-action"], *policy.get("form-action", [])]
        answer._csp_replace = {**policy, "form-action": own}  # type: ignore[attr-defined]
    return answer


def is_top_level(request: HttpRequest) -> bool:
    """Return whether the browser says that the page fills a whole window. Old browsers say nothing."""
    return request.headers.get("Sec-Fetch-Dest") == "document"


def mark_browser(answer: HttpResponse, state: str) -> None:
    """Set a cookie with which the browser later proves that it began this launch.

    Django's own function can't set `Partitioned`, which browsers ask of cookies in frames of other sites. A
    browser that blocks the cookie anyway needs one more press of a button (`views.enter`).
    """
    parts = [
        f"{_name(state)}={state}",
        f"Max-Age={int(STATE_VALID_FOR.total_seconds())}",
        f"Path={settings.SESSION_COOKIE_PATH}",
        "HttpOnly",
    ]
    secure = settings.SESSION_COOKIE_SECURE
    parts += ["Secure", "SameSite=None", "Partitioned"] if secure else ["SameSite=Lax"]
    answer.headers["Set-Cookie"] = "; ".join(parts)


def is_marked(request: HttpRequest, state: str) -> bool:
    """Return whether this browser began the launch."""
    return bool(state) and constant_time_compare(request.COOKIES.get(_name(state), ""), state)


def _name(state: str) -> str:
    """Return the name of the cookie. Each launch has its own, because several may run at once."""
    return _COOKIE + digest_of(state)[:12]
