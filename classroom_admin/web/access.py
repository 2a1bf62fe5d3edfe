"""Decorators that require a signed-in user. `rooms.access` decides which rooms the user may see."""

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
    """A type for annotations: a request from a signed-in user. `signed_in` guarantees that."""

    user: User
    htmx: HtmxDetails


Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponse]
AuthenticatedView = Callable[Concatenate[AuthenticatedHttpRequest, Arguments], HttpResponse]


def signed_in(view: AuthenticatedView[Arguments]) -> View[Arguments]:
    """Redirect people who are not signed in to the sign-in page, and back to `view` after they sign in.

    Answer an htmx request with 401 and a header that reloads the page, which redirects to the sign-in page.
    So an open page never looks up to date when it is not.
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
    """Allow only administrators. Raise Http404 for teachers; redirect others to the sign-in page."""

    @signed_in
    @wraps(view)
    def checked(
        request: AuthenticatedHttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> HttpResponse:
        if not request.user.is_administrator:
            raise Http404(_("This page does not exist."))
        return view(request, *args, **kwargs)

    return checked
