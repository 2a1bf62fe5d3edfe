"""Middleware for throttled attempts: the status 429, and the cookie of known devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from classroom_admin.accounts import known_devices, throttling
from classroom_admin.accounts.models import User

REFUSED: Final = 429


class ThrottledAttempts:
    """The middleware that turns a refused attempt into status 429 with `Retry-After`.

    A form keeps its page, which shows the message. If a view does not catch TooManyAttempts, the page for
    status 429 shows it. After a sign-in, the browser becomes a known device of the account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        wait_s = getattr(request, "throttled_s", None)
        if wait_s is not None and not 300 <= response.status_code < 400:
            response.status_code = REFUSED
            response["Retry-After"] = str(wait_s)
        signed_in = getattr(request, "signed_in_account", None)
        if signed_in is not None:
            known_devices.remember(request, response, signed_in)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, throttling.TooManyAttempts):
            return render(request, "429.html", {"words": exception.message}, status=REFUSED)
        return None


def _remember_device(*, user: User, request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.signed_in_account = throttling.account_hash(user)  # type: ignore[attr-defined]


user_logged_in.connect(_remember_device, dispatch_uid="remember the device of a sign-in")
