"""Require that a person is signed in. Which rooms they see is decided by `rooms.access`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from classroom_admin.accounts.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request from a person who is signed in. For annotations only: `signed_in` guarantees it."""

    user: User
    htmx: HtmxDetails


Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponse]
AuthenticatedView = Callable[Concatenate[AuthenticatedHttpRequest, Arguments], HttpResponse]


def signed_in(view: AuthenticatedView[Arguments]) -> View[Arguments]:
    """Redirect a person who is not signed in to the sign-in page, and back afterwards.

    An htmx request gets 401 and the order to reload the page, which then leads to the sign-in page, so that
    an open page never looks up to date when it is not.
    """

    @wraps(view)
    def checked(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(cast(AuthenticatedHttpRequest, request), *args, **kwargs)
        if getattr(request, "htmx", False):
            answer = HttpResponseClientRefresh()
            answer.status_code = 401
            return answer
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    return checked


def administrator_only(view: AuthenticatedView[Arguments]) -> View[Arguments]:
    """Admit administrators only. Teachers get 404; others are redirected to the sign-in page."""

    @signed_in
    @wraps(view)
    def checked(
        request: AuthenticatedHttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if not request.user.is_administrator:
            raise Http404(_("This page does not exist."))
        return view(request, *args, **kwargs)

    return checked
