"""Who may open a page: people who are signed in. Which rooms they see is decided by `rooms.access`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """Send the one who is not signed in to the sign-in page and back.

    A part of a page that htmx asks for is answered 401 with the order to load the page anew, which then
    leads to the sign-in: a page that was left open does not stay there looking alive.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            answer = HttpResponseClientRefresh()
            answer.status_code = 401
            return answer
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    return checked


def administrator_only(view: View) -> View:
    """Let administrators in. Who is not signed in is sent to the sign-in page; teachers get 404."""

    @signed_in
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_administrator:
            raise Http404(_("This page does not exist."))
        return view(request, *args, **kwargs)

    return checked
