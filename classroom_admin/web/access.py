"""Decorators that require a sign-in or a permission. `rooms.access` decides which rooms the user may see."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from classroom_admin.accounts.models import User
from classroom_admin.accounts.permissions import Permission, may
from classroom_admin.accounts.reload_page import reload_page


class AuthenticatedHttpRequest(HttpRequest):
    """A type for the request of a signed-in user. Use it in views with `signed_in`."""

    user: User
    htmx: HtmxDetails


class RoleRefused(Http404):
    """The error if a person's role does not permit a page. The 404 hides whether the page exists."""


Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]
AuthenticatedView = Callable[Concatenate[AuthenticatedHttpRequest, Arguments], HttpResponseBase]


def signed_in(view: AuthenticatedView[Arguments]) -> View[Arguments]:
    """Require a sign-in. Redirect other people to the sign-in page, which sends them back afterwards.

    For an htmx request, return 401 with a header that makes the browser reload the page. Otherwise an
    outdated page would stay open.
    """

    @wraps(view)
    def checked(
        request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(cast(AuthenticatedHttpRequest, request), *args, **kwargs)
        if getattr(request, "htmx", False):
            return reload_page()
        return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))

    return checked


def requires(
    permission: Permission,
) -> Callable[[AuthenticatedView[Arguments]], View[Arguments]]:
    """Require a permission. Raise ``RoleRefused`` without it. Redirect visitors to the sign-in page."""

    def decorate(view: AuthenticatedView[Arguments]) -> View[Arguments]:
        @signed_in
        @wraps(view)
        def checked(
            request: AuthenticatedHttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponseBase:
            if not may(request.user, permission):
                raise RoleRefused(_("This page does not exist."))
            return view(request, *args, **kwargs)

        return checked

    return decorate
