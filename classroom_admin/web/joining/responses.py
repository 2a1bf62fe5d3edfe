"""What all pages for students share: private responses, the cookie of the browser, and the limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from classroom_admin.accounts import throttling
from classroom_admin.accounts.throttling import TooManyAttempts
from classroom_admin.integrations.joining.models import new_ticket

SALT: Final = "classroom_admin.web.joining"
KEPT_S: Final = 30 * 24 * 3600
"""How long a browser is known. A guest who comes back with the same name is then the same person."""
WRONG_LINK: Final = "join_link"


def page_response(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = HTTPStatus.OK
) -> HttpResponse:
    """Render a page for students, which stays out of caches and search engines."""
    return private(render(request, template, context, status=status))


def private(response: HttpResponse) -> HttpResponse:
    """Keep a response out of caches and search engines, and its address out of requests to other sites.

    With the policy "no-referrer", browsers would hide where the forms of the page come from, also from us.
    """
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "same-origin"
    return response


def no_link(request: HttpRequest) -> HttpResponse:
    """Say that the link does not work. An unknown, an old and a revoked link have the same answer.

    Count the attempt. Raise ``TooManyAttempts`` if this address or browser has tried too many wrong links.
    """
    throttling.failed_from_address(WRONG_LINK, request, browser=browser_of(request))
    return page_response(request, "joining/no_link.html", {}, status=HTTPStatus.NOT_FOUND)


def too_many(request: HttpRequest, refused: TooManyAttempts) -> HttpResponse:
    """Say when the next attempt is possible."""
    context = {"words": refused.message}
    response = page_response(request, "joining/too_many.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(refused.wait_s)
    return response


def browser_of(request: HttpRequest) -> str:
    """Return the random id of this browser, or "" if it has no cookie of ours."""
    try:
        cookie = request.COOKIES.get(settings.JOIN_COOKIE_NAME, "")
        return str(signing.loads(cookie, salt=SALT, max_age=KEPT_S))
    except signing.BadSignature:
        return ""


def new_browser() -> str:
    """Return the random id of a browser that we do not know."""
    return new_ticket()


def remember(response: HttpResponse, browser: str) -> None:
    """Set the cookie that makes this browser known."""
    response.set_cookie(
        settings.JOIN_COOKIE_NAME,
        signing.dumps(browser, salt=SALT),
        max_age=KEPT_S,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def browser_hash(browser: str) -> str:
    """Return a keyed hash of the id of a browser, which the database may store."""
    return salted_hmac(SALT, browser, algorithm="sha256").hexdigest()
