"""Use the language and time zone of the account, else those of the browser. Keep caches out of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

ZONE_COOKIE: Final = "zone"
"""Written by the browser (static/js/time.js): the IANA name of its time zone."""
LANGUAGE_COOKIE_S: Final = 365 * 24 * 3600


class AccountLanguage(LocaleMiddleware):
    """Activate the language of the account, else of the cookie, else the browser's preference."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the cookie to the account's language, which answers without an account use."""
        response = super().process_response(request, response)
        language = getattr(request, "account_language", "")
        is_new = language and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != language
        if is_new and settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            remember_language(response, language)
        return response

    def process_request(self, request: Any) -> None:
        super().process_request(request)
        # Only a session can belong to an account; without one the database is not asked.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        language = getattr(request.user, "language", "")
        if translation.check_for_language(language) and language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
            request.account_language = language


class AccountTimeZone:
    """Activate the time zone in which forms read times: of the account, else the browser, else the school."""

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


class PrivatePages:
    """Keep pages of signed-in people out of shared caches, and make browsers check them before each use.

    Answers that set their own Cache-Control keep it: passwords, icons, calendars.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response


def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone with this IANA name, None if there is none: a cookie can contain anything."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def remember_language(answer: HttpResponseBase, language: str) -> None:
    """Set the browser's language cookie; "" deletes it."""
    if not language:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_COOKIE_S,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
