"""Middleware for language, time zone and the caching of pages with private data."""

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

from classroom_admin.common.logs import context as log_context

ZONE_COOKIE: Final = "zone"
"""The cookie with the IANA name of the browser's time zone, set by static/js/time.js."""
LANGUAGE_COOKIE_S: Final = 365 * 24 * 3600


class AccountLanguage(LocaleMiddleware):
    """The middleware that activates the language of the account, the cookie or the browser, in this order."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Copy the account's language to the cookie.

        The sign-in page uses the cookie after the person has signed out.
        """
        response = super().process_response(request, response)
        language = getattr(request, "account_language", "")
        is_new = language and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != language
        if is_new and settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            remember_language(response, language)
        return response

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        # A request without a session has no account, so skip the database query.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        language = getattr(request.user, "language", "")
        if translation.check_for_language(language) and language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
            request.account_language = language


class AccountTimeZone:
    """The middleware that activates the time zone of the account, the browser or `TIME_ZONE`.

    The first of these that is known counts. Forms interpret times in the active time zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(self._zone(request)):
            return self.get_response(request)

    @staticmethod
    def _zone(request: HttpRequest) -> ZoneInfo | None:
        names = [request.COOKIES.get(ZONE_COOKIE, "")]
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            names.insert(0, getattr(request.user, "time_zone", ""))
        return next((zone for name in names if (zone := zone_named(name))), None)


class PersonInLog:
    """The middleware that adds the id of the signed-in account to the log of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A request without a session has no account, so skip the database query.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            log_context.bind(person=request.user.pk)
        return self.get_response(request)


class PrivatePages:
    """The middleware that keeps the pages of signed-in people out of all caches, also the browser's.

    The next person at the same computer then finds nothing. A response with a Cache-Control header keeps it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response


def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone with this IANA name, or None if there is none."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def remember_language(answer: HttpResponseBase, language: str) -> None:
    """Set the language cookie. Delete it if `language` is empty."""
    if not language:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, path=settings.LANGUAGE_COOKIE_PATH)
        return
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_COOKIE_S,
        path=settings.LANGUAGE_COOKIE_PATH,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
