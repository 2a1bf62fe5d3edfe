"""In which language and time zone the person reads: their own choice, else what the browser says."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

ZONE_COOKIE = "zone"
"""Written by the browser (static/js/time.js): the IANA name of the zone that it is in."""


LANGUAGE_COOKIE_S = 365 * 24 * 3600


class PersonsLanguage(LocaleMiddleware):
    """The language of the account; without one that of the cookie, then the browser's wish."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep the cookie like the account: the page on which one signs in, and what answers before Django's
        stack, know no account.
        """
        response = super().process_response(request, response)
        chosen = getattr(request, "persons_language", "")
        is_news = chosen and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != chosen
        if is_news and settings.LANGUAGE_COOKIE_NAME not in response.cookies:
            remember(response, chosen)
        return response

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        # Only a session can have an account; without one nothing is asked of the database.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        chosen = getattr(request.user, "language", "")
        if translation.check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()
            request.persons_language = chosen


class PersonsZone:
    """Django's current time zone, in which forms read times: the account's, the browser's, the school's."""

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
        return next((found for name in names if (found := zone_named(name))), None)


class PrivatePages:
    """No cache on the way keeps a page of somebody's, and the browser asks anew before it shows one again.

    What says itself how it is to be kept stays so: secrets not at all, icons for ever, a calendar.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of this IANA name; None where there is none (a cookie may hold anything)."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def remember(answer: HttpResponse, language: str) -> None:
    """Let the browser know the language that the person has chosen; "" lets it forget."""
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
