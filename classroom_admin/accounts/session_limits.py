"""Limit how long sessions last: since their last use, and since the sign-in.

The expiry of a session is one moment, which the session table and the cookie contain. So event streams end
at that moment, too: `realtime.rights` reads the same table. Only a person's own requests move it: requests by
which an open page updates itself do not.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from classroom_admin.common.logs import context as log_context

SIGNED_IN_AT: Final = "signed_in_at"
"""The name of the time of the sign-in in a session, as a Unix time in seconds."""
USED_AT: Final = "used_at"
NOTED_EVERY_S: Final = 60
"""The use of a session is noted at most once in this time (s), to save writes to the database."""


class SessionLimits:
    """The middleware that notes when people use their sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if has_session and _is_own_request(request) and request.user.is_authenticated:
            _note_use(request)
        response = self.get_response(request)
        if getattr(request, "has_new_session", False):
            _set_expiry(request.session)  # allauth has set its own expiry after the sign-in
        return response


def connect() -> None:
    """Connect the signal of Django. A second call has no effect."""
    user_logged_in.connect(_begin, dispatch_uid="begin a session's limits")


def signed_in_at(session: SessionBase) -> float:
    """Return the time of the sign-in, as a Unix time in seconds. Return 0 if the session is from an older
    version.
    """
    return float(session.get(SIGNED_IN_AT, 0))


def _begin(*, request: HttpRequest | None, user: Any, **_: Any) -> None:
    log_context.bind(person=user.pk)
    if request is not None:
        now = timezone.now().timestamp()
        request.session[SIGNED_IN_AT] = request.session[USED_AT] = now
        _set_expiry(request.session)
        request.has_new_session = True  # type: ignore[attr-defined]


def _is_own_request(request: HttpRequest) -> bool:
    """Return whether a person made the request. htmx loads parts of open pages, also without a person."""
    return request.method != "GET" or "HX-Request" not in request.headers


def _note_use(request: HttpRequest) -> None:
    now = timezone.now().timestamp()
    if now - float(request.session.get(USED_AT, 0)) < NOTED_EVERY_S:
        return
    request.session.setdefault(SIGNED_IN_AT, now)
    request.session[USED_AT] = now
    _set_expiry(request.session)
    UserSession.objects.create_from_request(request)


def _set_expiry(session: SessionBase) -> None:
    ends = signed_in_at(session) + settings.SESSION_COOKIE_AGE
    if settings.SESSION_IDLE_S:
        ends = min(ends, float(session[USED_AT]) + settings.SESSION_IDLE_S)
    session.set_expiry(datetime.fromtimestamp(ends, UTC))
